internal import TextEncoding

/// A table's identity, schema and settings.
///
/// Source: Delta Lake protocol, "Change Metadata".
public struct DeltaMetadata: Sendable, Hashable {
    /// The table's identity, a UUID.
    public var id: String
    /// A name for people.
    public var name: String?
    /// A description for people.
    public var description: String?
    /// The encoding of the data files; always `parquet` in tables this module reads.
    public var provider: String
    /// Options of the encoding.
    public var options: [String: String]
    /// The schema as JSON; ``DeltaSchema`` makes it.
    public var schemaString: String
    /// The names of the partition columns.
    public var partitionColumns: [String]
    /// Settings of the table: `delta.*`, and those of anybody else.
    public var configuration: [String: String]
    /// When the table was made, in milliseconds since 1970 UTC.
    public var createdTime: Int64?

    /// Makes metadata of a table of Parquet files.
    public init(
        id: String,
        name: String? = nil,
        description: String? = nil,
        schemaString: String,
        partitionColumns: [String] = [],
        configuration: [String: String] = [:],
        createdTime: Int64? = nil
    ) {
        self.id = id
        self.name = name
        self.description = description
        provider = "parquet"
        options = [:]
        self.schemaString = schemaString
        self.partitionColumns = partitionColumns
        self.configuration = configuration
        self.createdTime = createdTime
    }
}

extension DeltaMetadata {
    /// Why this module cannot write the table; `nil` when it can.
    ///
    /// Source: Delta Lake protocol, "Append-only Tables" and "Column Invariants".
    var obstacleToWriting: String? {
        if configuration["delta.appendOnly"]?.lowercased() == "true" {
            return "it only takes additions (delta.appendOnly)"
        }
        // The name stands quoted as a key, or not at all.
        if schemaString.contains("\"delta.invariants\"") { return "its columns have invariants to be checked" }
        return nil
    }

    init(_ fields: ActionFields) throws(ActionFault) {
        id = try fields.string("id")
        name = try fields.optionalString("name")
        description = try fields.optionalString("description")
        let format = try fields.object("format")
        provider = try format.string("provider")
        guard provider == "parquet" else {
            throw ActionFault("the data files are in the format \(provider), not parquet", isUnsupported: true)
        }
        options = try format.strings("options") ?? [:]
        schemaString = try fields.string("schemaString")
        partitionColumns = try fields.list("partitionColumns") ?? []
        configuration = try fields.strings("configuration") ?? [:]
        createdTime = try fields.optionalInteger("createdTime")
    }

    var json: JSONValue {
        .compact([
            "id": .string(id),
            "name": name.map(JSONValue.string),
            "description": description.map(JSONValue.string),
            "format": .object(["provider": .string(provider), "options": .strings(options)]),
            "schemaString": .string(schemaString),
            "partitionColumns": .array(partitionColumns.map(JSONValue.string)),
            "configuration": .strings(configuration),
            "createdTime": createdTime.map(JSONValue.integer),
        ])
    }
}
