internal import Parquet

/// The columns of a classic checkpoint.
///
/// Source: Delta Lake protocol, "Checkpoint Schema"; which fields are required is what the tables of actions say.
enum CheckpointSchema {
    /// What is written.
    static let written = Schema([
        .group(
            "protocol",
            [
                .leaf("minReaderVersion", .int32), .leaf("minWriterVersion", .int32), list("readerFeatures", .optional),
                list("writerFeatures", .optional),
            ],
            .optional
        ),
        .group(
            "metaData",
            [
                text("id"), text("name", .optional), text("description", .optional),
                .group("format", [text("provider"), map("options")]), text("schemaString"), list("partitionColumns"),
                map("configuration"), .leaf("createdTime", .int64, nil, .optional),
            ],
            .optional
        ),
        .group(
            "txn",
            [text("appId"), .leaf("version", .int64), .leaf("lastUpdated", .int64, nil, .optional)],
            .optional
        ),
        .group(
            "domainMetadata",
            [text("domain"), text("configuration"), .leaf("removed", .boolean)],
            .optional
        ),
        .group(
            "add",
            [
                text("path"), map("partitionValues"), .leaf("size", .int64), .leaf("modificationTime", .int64),
                .leaf("dataChange", .boolean), text("stats", .optional), map("tags", .optional),
            ],
            .optional
        ),
        .group(
            "remove",
            [
                text("path"), .leaf("deletionTimestamp", .int64, nil, .optional), .leaf("dataChange", .boolean),
                .leaf("extendedFileMetadata", .boolean, nil, .optional), map("partitionValues", .optional),
                .leaf("size", .int64, nil, .optional),
            ],
            .optional
        ),
    ])

    /// The fields of other writers' checkpoints that are read, beneath each action; all else is passed over unread.
    static let read: [String: Set<String>] = [
        "protocol": ["minReaderVersion", "minWriterVersion", "readerFeatures", "writerFeatures"],
        "metaData": [
            "id", "name", "description", "format", "schemaString", "partitionColumns", "configuration", "createdTime",
        ],
        "txn": ["appId", "version", "lastUpdated"],
        "domainMetadata": ["domain", "configuration", "removed"],
        "add": [
            "path", "partitionValues", "size", "modificationTime", "dataChange", "stats", "tags", "deletionVector",
        ],
        "remove": [
            "path", "deletionTimestamp", "dataChange", "partitionValues", "size", "tags", "deletionVector",
        ],
        "sidecar": ["path"],
    ]

    private static func text(_ name: String, _ repetition: Field.Repetition = .required) -> Field {
        .leaf(name, .byteArray, .string, repetition)
    }

    private static func list(_ name: String, _ repetition: Field.Repetition = .required) -> Field {
        .list(name, of: text("element"), repetition)
    }

    private static func map(_ name: String, _ repetition: Field.Repetition = .required) -> Field {
        .map(name, key: text("key"), value: text("value", .optional), repetition)
    }
}
