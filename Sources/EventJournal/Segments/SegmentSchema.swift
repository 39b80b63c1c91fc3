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
    /// The columns that make up an event.
    static let event = allCases.filter { $0 != .op && $0 != .batchID }
    /// Their schema.
    static let eventSchema = Schema(event.map(\.field))
    /// The columns of a compacted segment.
    static let compacted = allCases.filter { $0 != .op }
    /// The schema of a compacted segment, and of the table in the catalog.
    static let compactedSchema = Schema(compacted.map(\.field))
}

/// What a row of the inbox does to the event of its id.
package enum Operation: UInt8, Sendable, Hashable {
    case put, update, delete

    /// As it stands in the column `op`.
    var text: [UInt8] {
        switch self {
        case .put: Array("put".utf8)
        case .update: Array("update".utf8)
        case .delete: Array("delete".utf8)
        }
    }

    init?(_ text: [UInt8]) {
        switch text {
        case Operation.put.text: self = .put
        case Operation.update.text: self = .update
        case Operation.delete.text: self = .delete
        default: return nil
        }
    }
}

/// Keys of the metadata in a segment's footer.
enum SegmentMetadata {
    /// The version of the layout; readers refuse what they do not know.
    static let format = "highwater.format"
    static let currentFormat = "1"
    /// The batch id, so that a renamed object is noticed.
    static let batchID = "highwater.batch_id"
}
