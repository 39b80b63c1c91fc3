internal import TextEncoding

/// A data file of a table, and what the log says of it.
///
/// Source: Delta Lake protocol, "Add File and Remove File".
public struct DeltaAdd: Sendable, Hashable {
    /// The key of the object, relative to the table; decoded.
    public var path: String {
        didSet { reference = DeltaPath.encode(path) }
    }
    /// The path as it stands in the log, percent-encoded; by this other programs match removals with additions.
    public private(set) var reference: String
    /// The values of the partition columns; empty for a table without.
    public var partitionValues: [String: String?]
    /// Length in bytes.
    public var size: Int64
    /// When the file was made, in milliseconds since 1970 UTC.
    public var modificationTime: Int64
    /// Whether the file brings data, and does not only rearrange what other files had.
    public var dataChange: Bool
    /// Statistics as JSON; ``DeltaStatistics`` reads and makes them.
    public var stats: String?
    /// What the writer noted, of any meaning.
    public var tags: [String: String]

    /// Makes an action.
    ///
    /// - Parameters:
    ///   - path: The key of the object, relative to the table, not encoded.
    ///   - partitionValues: The values of the partition columns.
    ///   - size: Length in bytes.
    ///   - modificationTime: When the file was made, in milliseconds since 1970 UTC.
    ///   - dataChange: Whether the file brings data.
    ///   - stats: Statistics as JSON.
    ///   - tags: Anything.
    public init(
        path: String,
        partitionValues: [String: String?] = [:],
        size: Int64,
        modificationTime: Int64,
        dataChange: Bool,
        stats: String? = nil,
        tags: [String: String] = [:]
    ) {
        self.path = path
        reference = DeltaPath.encode(path)
        self.partitionValues = partitionValues
        self.size = size
        self.modificationTime = modificationTime
        self.dataChange = dataChange
        self.stats = stats
        self.tags = tags
    }
}

extension DeltaAdd {
    init(_ fields: ActionFields) throws(ActionFault) {
        guard !fields.isPresent("deletionVector") else {
            throw ActionFault("a file has a deletion vector", isUnsupported: true)
        }
        let reference = try fields.string("path")
        self.init(
            path: try DeltaPath.decode(reference),
            partitionValues: try fields.nullableStrings("partitionValues") ?? [:],
            size: try fields.size("size"),
            modificationTime: try fields.integer("modificationTime"),
            dataChange: try fields.boolean("dataChange"),
            stats: try fields.optionalString("stats"),
            tags: try fields.strings("tags") ?? [:]
        )
        self.reference = reference
    }

    var json: JSONValue {
        .compact([
            "path": .string(reference),
            "partitionValues": .object(partitionValues.mapValues { $0.map(JSONValue.string) ?? .null }),
            "size": .integer(size),
            "modificationTime": .integer(modificationTime),
            "dataChange": .boolean(dataChange),
            "stats": stats.map(JSONValue.string),
            "tags": tags.isEmpty ? nil : .strings(tags),
        ])
    }
}
