internal import CSimdJSON
internal import Parquet

/// Which part of an event a fault is about.
enum MappedField: UInt8 {
    case id
    case timestamp
    case key
}

/// What is wrong with a line, small enough to keep for each of millions; ``ParsedBlock/reason(of:)`` puts it in words.
struct LineFault {
    enum Kind: UInt8 {
        /// The line is not one JSON value; ``LineFault/status`` says why.
        case json
        case notObject
        case missing
        case null
        case wrongKind
        case empty
        case tooLong
        case notRFC3339
        case notNumber
        case outOfRange
        /// A bare number, too large for seconds.
        case notSeconds
        /// A function of the expression does not take what the line has; the text says so.
        case failed
    }

    var kind: Kind
    /// The field at fault, unless the fault is that of the whole line.
    var field: MappedField = .id
    var status: hw_json_status = HW_JSON_OK
    /// The kind of value found.
    var found: hw_json_kind = HW_JSON_MISSING
    /// Where in the line, in bytes; `UInt32.max` when nowhere.
    var position: UInt32 = .max
    /// The text of the field, or of the error, in a buffer of the block.
    var text: ByteView = .null
}

/// A line that becomes no event.
package struct RejectedLine: Sendable {
    /// How many lines of its block, blank ones too, come before it.
    var index: UInt32
    var offset: UInt32
    var length: UInt32
    var fault: LineFault
}
