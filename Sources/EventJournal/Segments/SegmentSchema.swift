internal import Parquet

/// The columns of a segment, in file order; see `docs/format.md`.
enum SegmentColumn: Int, CaseIterable {
    case eventID, timestamp, key, source, sequence, data, dataBytes, batchID, op

    var name: String {
        switch self {
        case .eventID: "event_id"
        case .timestamp: "timestamp"
        case .key: "key"
        case .source: "source"
        case .sequence: "sequence"
        case .data: "data"
        case .dataBytes: "data_bytes"
        case .batchID: "batch_id"
        case .op: "op"
        }
    }

    private var field: Field {
        switch self {
        case .timestamp: .leaf(name, .int64, .timestamp(.microseconds, utc: true))
        case .eventID, .batchID, .op: .leaf(name, .byteArray, .string)
        case .key, .source, .sequence, .data: .leaf(name, .byteArray, .string, .optional)
        case .dataBytes: .leaf(name, .byteArray, nil, .optional)
        }
    }

    /// The schema of an inbox segment.
    static let schema = Schema(allCases.map(\.field))
}

/// What a row of the inbox does to the event of its id.
enum Operation {
    static let put = Array("put".utf8)
}

/// Keys of the metadata in a segment's footer.
enum SegmentMetadata {
    /// The version of the layout; readers refuse what they do not know.
    static let format = "highwater.format"
    static let currentFormat = "1"
    /// The batch id, so that a renamed object is noticed.
    static let batchID = "highwater.batch_id"
}
