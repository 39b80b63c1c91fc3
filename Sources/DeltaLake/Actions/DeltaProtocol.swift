internal import TextEncoding

/// What a program must know to read or to write a table.
///
/// Source: Delta Lake protocol, "Protocol Evolution" and "Table Features".
public struct DeltaProtocol: Sendable, Hashable {
    /// The reader version needed.
    public var minReaderVersion: Int
    /// The writer version needed.
    public var minWriterVersion: Int
    /// The features a reader needs, with reader version 3.
    public var readerFeatures: [String]?
    /// The features a writer needs, with writer version 7.
    public var writerFeatures: [String]?

    /// Makes a protocol.
    public init(
        minReaderVersion: Int,
        minWriterVersion: Int,
        readerFeatures: [String]? = nil,
        writerFeatures: [String]? = nil
    ) {
        self.minReaderVersion = minReaderVersion
        self.minWriterVersion = minWriterVersion
        self.readerFeatures = readerFeatures
        self.writerFeatures = writerFeatures
    }

    /// Nothing but what every program has: reader version 1, writer version 2.
    ///
    /// ``DomainMetadata`` may be in such a table, too. The protocol then promises no more than that other programs skip
    /// it; ``DeltaLog`` recovers what a checkpoint of theirs has dropped.
    public static let plain = DeltaProtocol(minReaderVersion: 1, minWriterVersion: 2)

    /// Any reader, and only writers that promise to keep ``DomainMetadata``.
    ///
    /// delta-rs (as of 1.6) reads such tables and writes their checkpoints, but refuses every commit.
    public static let domains = DeltaProtocol(
        minReaderVersion: 1,
        minWriterVersion: 7,
        writerFeatures: ["domainMetadata"]
    )

    /// Whether this module can read the table; else why not.
    public var obstacleToReading: String? {
        if minReaderVersion == 1 { return nil }
        let features = (readerFeatures ?? []).sorted().joined(separator: ", ")
        return "the table needs reader version \(minReaderVersion)"
            + (features.isEmpty ? "" : " with the features \(features)") + ", and this program has 1"
    }

    /// Whether this module can write the table, as far as the protocol says; else why not.
    ///
    /// Writer versions 1 and 2 will do, and 7 with the features `domainMetadata`, `appendOnly` and `invariants` at
    /// most. What the last two ask for is looked up in the metadata by ``DeltaSnapshot/requireWritable()``.
    public var obstacleToWriting: String? {
        if let obstacleToReading { return obstacleToReading }
        if 1...2 ~= minWriterVersion { return nil }
        guard minWriterVersion == 7 else {
            return "the table needs writer version \(minWriterVersion), and this program has 1, 2 and 7"
        }
        let unknown = (writerFeatures ?? []).filter { !DeltaProtocol.writerFeaturesKnown.contains($0) }.sorted()
        if unknown.isEmpty { return nil }
        return "the table needs writers with the features \(unknown.joined(separator: ", ")), which this program lacks"
    }

    private static let writerFeaturesKnown: Set<String> = ["domainMetadata", "appendOnly", "invariants"]
}

extension DeltaProtocol {
    init(_ fields: ActionFields) throws(ActionFault) {
        guard let reader = Int(exactly: try fields.integer("minReaderVersion")),
            let writer = Int(exactly: try fields.integer("minWriterVersion")), reader > 0, writer > 0
        else { throw ActionFault("the protocol versions are no positive numbers") }
        minReaderVersion = reader
        minWriterVersion = writer
        readerFeatures = try fields.list("readerFeatures")
        writerFeatures = try fields.list("writerFeatures")
    }

    var json: JSONValue {
        .compact([
            "minReaderVersion": .integer(Int64(minReaderVersion)),
            "minWriterVersion": .integer(Int64(minWriterVersion)),
            "readerFeatures": readerFeatures.map { .array($0.map(JSONValue.string)) },
            "writerFeatures": writerFeatures.map { .array($0.map(JSONValue.string)) },
        ])
    }
}
