internal import ObjectStorage

/// The durable position of a follower with a name: an object of `_marks/`.
public struct FollowMark: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// How far the follower has got.
    public var position: FollowPosition
    /// The version of the object; hand it to ``Journal/setMark(_:to:ifMatches:)``.
    public var entityTag: String
    /// When it was last moved, by the store's clock.
    public var moved: Timestamp

    /// Longest name in bytes.
    public static let longestName = 128

    static let folder = "_marks/"
    static let suffix = ".json"
    private static let longestObject = 512 << 20

    /// The object of a mark.
    ///
    /// - Throws: ``JournalError/Code/invalidMark`` when the name cannot be one.
    static func key(_ name: String) throws -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isPlain, !name.isEmpty, name.utf8.count <= longestName, !name.hasPrefix(".") else {
            throw JournalError(
                .invalidMark,
                "\"\(name.prefix(200))\" cannot be the name of a mark: use 1 to \(longestName) letters, digits, dots, hyphens "
                    + "and underscores of ASCII, no dot first."
            )
        }
        return folder + name + suffix
    }

    /// The object's bytes.
    ///
    /// The nonce makes them those of one writer, so that a put whose answer was lost is recognised.
    static func encode(_ position: FollowPosition, nonce: UUIDv7) -> [UInt8] {
        Array("{\"format\":1,\"nonce\":\"\(nonce)\",\"position\":\(position.json)}\n".utf8)
    }

    /// Reads an object; `nil` when there is none.
    static func read(_ name: String, from store: any ObjectStore) async throws -> (mark: FollowMark, bytes: [UInt8])? {
        let key = try key(name)
        let result: GetResult
        do {
            guard let found = try await store.getIfPresent(key, upTo: longestObject) else { return nil }
            result = found
        } catch {
            throw JournalError.wrapping(error, "Reading the mark \(name) in \(store.location) failed", object: key)
        }
        var scanner = IndexJSONScanner(String(decoding: result.bytes, as: UTF8.self))
        var (format, position): (Int?, FollowPosition?)
        do {
            try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
                switch name {
                case "format": format = try scanner.number()
                case "position": position = try FollowPosition(&scanner)
                default: try scanner.skipValue()
                }
            }
        } catch {
            position = nil
        }
        guard format == 1, scanner.isAtEnd, let position else {
            throw JournalError(
                .positionExpired,
                "The mark \(name) in \(store.location) is damaged or of a later version. Delete it and follow from the "
                    + "beginning, or update Highwater.",
                object: key
            )
        }
        let mark = FollowMark(
            name: name,
            position: position,
            entityTag: result.metadata.entityTag,
            moved: Timestamp(microseconds: result.metadata.lastModified)
        )
        return (mark, result.bytes)
    }
}
