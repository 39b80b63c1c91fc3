/// How far a follower has got in the order of arrival.
///
/// It says what was delivered, not when: which version of the catalog was seen to the end, and which batches that are
/// not in that version. So it holds through compactions, and segments that land late are not missed. Its text is JSON,
/// 22 bytes for each batch in the inbox and some 100 more.
public struct FollowPosition: Sendable, Hashable {
    /// Everything the catalog had at this version was delivered, or is by ``pass``; -1 before the first.
    var version: Int64
    /// Batches delivered whole that the version had not absorbed.
    var seen: Set<UUIDv7>
    /// A batch delivered in part.
    var partial: Place?
    /// What of the catalog is being delivered.
    var pass: Pass?

    /// A place inside what arrived with one batch, or in the order of replay.
    struct Place: Sendable, Hashable, Comparable {
        /// Events up to this moment, in microseconds, were delivered, those of it included.
        var timestamp: Int64
        var batchID: UUIDv7

        static func < (left: Self, right: Self) -> Bool {
            left.timestamp != right.timestamp ? left.timestamp < right.timestamp : left.batchID < right.batchID
        }
    }

    /// A stretch of the journal that is delivered in the order of replay.
    struct Pass: Sendable, Hashable {
        /// Up to which version; `nil` for a follower that begins: everything in ``FollowPosition/version`` and
        /// ``FollowPosition/seen``.
        var target: Int64?
        /// Deletes up to this version were delivered.
        var deletes: Int64
        /// Rows up to here were delivered.
        var through: Place?
    }

    init(version: Int64 = -1, seen: Set<UUIDv7> = [], partial: Place? = nil, pass: Pass? = nil) {
        self.version = version
        self.seen = seen
        self.partial = partial
        self.pass = pass
    }

    /// Reads the text that ``json`` made.
    ///
    /// - Throws: ``JournalError/Code/positionExpired`` when it is none, or of a later version.
    public init(json: String) throws {
        var scanner = IndexJSONScanner(json)
        do {
            try self.init(&scanner)
            guard scanner.isAtEnd else { throw IndexJSONScanner.Malformed(position: scanner.position) }
        } catch {
            throw FollowPosition.unreadable(json)
        }
    }

    static func unreadable(_ json: String) -> JournalError {
        JournalError(
            .positionExpired,
            "This is no position of a follower that this version understands: \(json.prefix(120)). Follow from the beginning."
        )
    }

    init(_ scanner: inout IndexJSONScanner) throws(IndexJSONScanner.Malformed) {
        self.init()
        var isComplete = (false, false, false)
        try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
            switch name {
            case "format": isComplete.0 = try scanner.number() == 1
            case "version":
                version = Int64(try scanner.number())
                isComplete.1 = true
            case "seen":
                guard let ids = InboxDomain.decode(try scanner.string()) else {
                    throw IndexJSONScanner.Malformed(position: scanner.position)
                }
                seen = Set(ids)
                isComplete.2 = true
            case "partial": partial = try Place(&scanner)
            case "pass": pass = try Pass(&scanner)
            default: try scanner.skipValue()
            }
        }
        guard isComplete == (true, true, true) else { throw IndexJSONScanner.Malformed(position: scanner.position) }
    }

    /// The position as a JSON object in ASCII.
    public var json: String {
        var text = "{\"format\":1,\"version\":\(version),\"seen\":\"\(InboxDomain.encode(seen.sorted()))\""
        if let partial { text += ",\"partial\":" + partial.json }
        if let pass {
            text += ",\"pass\":{\"deletes\":\(pass.deletes)"
            if let target = pass.target { text += ",\"target\":\(target)" }
            if let through = pass.through { text += ",\"through\":" + through.json }
            text += "}"
        }
        return text + "}"
    }
}

extension FollowPosition.Place {
    fileprivate init(_ scanner: inout IndexJSONScanner) throws(IndexJSONScanner.Malformed) {
        var (timestamp, batchID): (Int64?, UUIDv7?)
        try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
            switch name {
            case "timestamp": timestamp = Int64(try scanner.number())
            case "batch": batchID = UUIDv7(try scanner.string())
            default: try scanner.skipValue()
            }
        }
        guard let timestamp, let batchID else { throw IndexJSONScanner.Malformed(position: scanner.position) }
        self.init(timestamp: timestamp, batchID: batchID)
    }

    fileprivate var json: String { "{\"timestamp\":\(timestamp),\"batch\":\"\(batchID)\"}" }
}

extension FollowPosition.Pass {
    fileprivate init(_ scanner: inout IndexJSONScanner) throws(IndexJSONScanner.Malformed) {
        self.init(target: nil, deletes: -1, through: nil)
        try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
            switch name {
            case "target": target = Int64(try scanner.number())
            case "deletes": deletes = Int64(try scanner.number())
            case "through": through = try FollowPosition.Place(&scanner)
            default: try scanner.skipValue()
            }
        }
    }
}
