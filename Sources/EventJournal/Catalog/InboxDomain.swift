internal import TextEncoding

/// What of the inbox is absorbed: the domain `highwater.inbox` of the catalog.
///
/// Its text is a JSON object. Batch ids are listed as one text, base64 (RFC 4648 section 5) of 16 bytes each:
/// `{"absorbed":"AZAWPYaUc5uupZZsJvitkQ…","new":"…","changes":"_changes/….parquet"}`.
struct InboxDomain: Sendable, Hashable {
    static let name = "highwater.inbox"

    /// Batch ids of segments that may still be in the inbox, and some older ones; oldest first.
    var absorbed: [UUIDv7] = []
    /// Those of this very commit.
    var new: [UUIDv7] = []
    /// The object that lists the updates and deletes this very commit applied, and what else was decided of ids.
    var changes: String?
    /// Batches of changes that this very commit has left behind although later ones are absorbed: they have no id in
    /// common.
    var left: [UUIDv7] = []

    init(absorbed: [UUIDv7] = [], new: [UUIDv7] = [], changes: String? = nil, left: [UUIDv7] = []) {
        self.absorbed = absorbed
        self.new = new
        self.changes = changes
        self.left = left
    }

    /// Reads the text; members it does not know are passed over.
    ///
    /// - Throws: ``JournalError/Code/damagedCatalog``.
    init(_ text: String) throws {
        var scanner = IndexJSONScanner(text)
        do {
            var (absorbed, new, changes): ([UUIDv7]?, [UUIDv7]?, String?)
            var left: [UUIDv7]? = []
            try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
                switch name {
                case "absorbed": absorbed = InboxDomain.decode(try scanner.string())
                case "new": new = InboxDomain.decode(try scanner.string())
                case "changes": changes = try scanner.string()
                case "left": left = InboxDomain.decode(try scanner.string())
                default: try scanner.skipValue()
                }
            }
            guard scanner.isAtEnd, let absorbed, let new, let left else {
                throw IndexJSONScanner.Malformed(position: scanner.position)
            }
            self.init(absorbed: absorbed, new: new, changes: changes, left: left)
        } catch {
            throw JournalError(
                .damagedCatalog,
                "The catalog's domain \(InboxDomain.name) cannot be read: \(text.prefix(200)). Restore the log from a copy."
            )
        }
    }

    /// The text.
    var text: String {
        let changes = changes.map { ",\"changes\":\"\($0)\"" } ?? ""
        let left = left.isEmpty ? "" : ",\"left\":\"\(InboxDomain.encode(left))\""
        return
            "{\"absorbed\":\"\(InboxDomain.encode(absorbed))\"\(changes)\(left),\"new\":\"\(InboxDomain.encode(new))\"}"
    }

    /// Batch ids as one text.
    static func encode(_ ids: [UUIDv7]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16 * ids.count)
        for id in ids {
            for word in [id.high, id.low] {
                for shift in stride(from: UInt64(56), through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
        }
        return Base64.encode(bytes, forURL: true)
    }

    /// Reads such a text; `nil` when it is none.
    static func decode(_ text: String) -> [UUIDv7]? {
        guard let bytes = Base64.decode(text), bytes.count % 16 == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: 16)
            .map { start in
                func word(_ offset: Int) -> UInt64 {
                    bytes[(start + offset)..<(start + offset + 8)].reduce(0) { $0 << 8 | UInt64($1) }
                }
                return UUIDv7(high: word(0), low: word(8))
            }
    }
}
