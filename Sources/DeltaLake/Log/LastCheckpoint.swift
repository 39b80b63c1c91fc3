internal import TextEncoding

/// The pointer to a recent checkpoint: a hint, which may be old, damaged or missing.
///
/// Source: Delta Lake protocol, "Last Checkpoint File Schema". The optional checksum is neither written nor checked.
struct LastCheckpoint: Hashable, Sendable {
    var version: Int64
    /// How many actions the checkpoint has.
    var actionCount: Int
    /// How many files it consists of.
    var parts: Int
    var byteCount: Int?
    var addCount: Int?

    /// The longest that is read, in bytes; it may hold the checkpoint's schema.
    static let longest = 1 << 20

    /// `nil` when the bytes are nothing to go by.
    init?(_ bytes: [UInt8]) {
        guard let value = try? JSONValue.parse(bytes), case .integer(let version)? = value["version"],
            version >= 0
        else { return nil }
        self.version = version
        actionCount = 0
        parts = 1
        if case .integer(let number)? = value["parts"] {
            guard 1...Int64(LogFile.mostParts) ~= number else { return nil }
            parts = Int(number)
        }
        // A checkpoint of the second kind, which this module does not read.
        if let v2 = value["v2Checkpoint"], v2 != .null { return nil }
    }

    init(version: Int64, actionCount: Int, byteCount: Int, addCount: Int) {
        self.version = version
        self.actionCount = actionCount
        parts = 1
        self.byteCount = byteCount
        self.addCount = addCount
    }

    var bytes: [UInt8] {
        JSONValue
            .compact([
                "version": .integer(version),
                "size": .integer(Int64(actionCount)),
                "sizeInBytes": byteCount.map { .integer(Int64($0)) },
                "numOfAddFiles": addCount.map { .integer(Int64($0)) },
            ])
            .serialized
    }
}
