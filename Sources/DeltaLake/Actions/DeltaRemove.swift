internal import TextEncoding

/// A file that left a table: until it expires, a tombstone that tells a vacuum what may be deleted.
///
/// Source: Delta Lake protocol, "Add File and Remove File".
public struct DeltaRemove: Sendable, Hashable {
    /// The key of the object, relative to the table; decoded.
    public var path: String {
        didSet { reference = DeltaPath.encode(path) }
    }
    /// The path as it stands in the log, percent-encoded.
    public private(set) var reference: String
    /// When it was removed, in milliseconds since 1970 UTC; `nil` when the writer did not say.
    public var deletionTimestamp: Int64?
    /// Whether data left with the file, and did not only move to other files.
    public var dataChange: Bool
    /// The values of the partition columns; `nil` when the writer did not say.
    public var partitionValues: [String: String?]?
    /// Length in bytes; `nil` when the writer did not say.
    public var size: Int64?
    /// What the log noted of the file.
    public var tags: [String: String]

    /// Removes a file of a snapshot.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - deletionTimestamp: Now, in milliseconds since 1970 UTC.
    ///   - dataChange: Whether data leaves with it.
    public init(_ file: DeltaAdd, deletionTimestamp: Int64, dataChange: Bool) {
        path = file.path
        reference = file.reference
        self.deletionTimestamp = deletionTimestamp
        self.dataChange = dataChange
        partitionValues = file.partitionValues
        size = file.size
        tags = [:]
    }
}

extension DeltaRemove {
    init(_ fields: ActionFields) throws(ActionFault) {
        guard !fields.isPresent("deletionVector") else {
            throw ActionFault("a file has a deletion vector", isUnsupported: true)
        }
        reference = try fields.string("path")
        path = try DeltaPath.decode(reference)
        deletionTimestamp = try fields.optionalInteger("deletionTimestamp")
        dataChange = try fields.boolean("dataChange")
        partitionValues = try fields.nullableStrings("partitionValues")
        size = fields.isPresent("size") ? try fields.size("size") : nil
        tags = try fields.strings("tags") ?? [:]
    }

    /// Whether partition values and size are there, which the log says in a flag.
    var hasExtendedMetadata: Bool { partitionValues != nil && size != nil }

    var json: JSONValue {
        .compact([
            "path": .string(reference),
            "deletionTimestamp": deletionTimestamp.map(JSONValue.integer),
            "dataChange": .boolean(dataChange),
            "extendedFileMetadata": .boolean(hasExtendedMetadata),
            "partitionValues": partitionValues.map { .object($0.mapValues { $0.map(JSONValue.string) ?? .null }) },
            "size": size.map(JSONValue.integer),
            "tags": tags.isEmpty ? nil : .strings(tags),
        ])
    }
}
