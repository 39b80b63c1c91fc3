/// Writes the Thrift compact protocol.
///
/// Source: Apache Thrift, `doc/specs/thrift-compact-protocol.md`.
struct CompactWriter {
    /// What was written so far.
    var bytes: [UInt8]
    private var last: Int16 = 0

    /// Appends to `bytes`.
    init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    // MARK: Fields

    /// A boolean field.
    mutating func bool(_ id: Int16, _ value: Bool) { header(id, value ? .yes : .no) }

    /// A field of 8 bits.
    mutating func int8(_ id: Int16, _ value: Int8) {
        header(id, .int8)
        bytes.append(UInt8(bitPattern: value))
    }

    /// A field of 16 bits.
    mutating func int16(_ id: Int16, _ value: Int16) {
        header(id, .int16)
        zigZag(Int64(value))
    }

    /// A field of 32 bits.
    mutating func int32(_ id: Int16, _ value: Int32) {
        header(id, .int32)
        zigZag(Int64(value))
    }

    /// A field of 64 bits.
    mutating func int64(_ id: Int16, _ value: Int) {
        header(id, .int64)
        zigZag(Int64(value))
    }

    /// A byte string field.
    mutating func binary(_ id: Int16, _ value: [UInt8]) {
        header(id, .binary)
        binary(value)
    }

    /// A text field.
    mutating func string(_ id: Int16, _ value: String) {
        header(id, .binary)
        string(value)
    }

    /// A structure field; `body` writes its fields.
    @inline(__always)
    mutating func structure(_ id: Int16, _ body: (inout CompactWriter) -> Void) {
        header(id, .structure)
        structure(body)
    }

    /// The header of a list field; the caller writes `count` elements next.
    mutating func list(_ id: Int16, of element: CompactType, count: Int) {
        header(id, .list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | element.rawValue)
        } else {
            bytes.append(0xf0 | element.rawValue)
            varint(UInt64(count))
        }
    }

    // MARK: Elements

    /// A structure as a list element or as the outermost value.
    @inline(__always)
    mutating func structure(_ body: (inout CompactWriter) -> Void) {
        let outer = last
        last = 0
        body(&self)
        bytes.append(0)
        last = outer
    }

    /// A boolean list element.
    mutating func boolElement(_ value: Bool) { bytes.append(value ? 1 : 2) }

    /// An integer list element.
    mutating func intElement(_ value: Int64) { zigZag(value) }

    /// A byte string list element.
    mutating func binary(_ value: [UInt8]) {
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A text list element.
    mutating func string(_ value: String) {
        let text = value.utf8
        varint(UInt64(text.count))
        bytes.append(contentsOf: text)
    }

    // MARK: Bytes

    @inline(__always)
    private mutating func header(_ id: Int16, _ type: CompactType) {
        let delta = id &- last
        if delta > 0 && delta <= 15 {
            bytes.append(UInt8(truncatingIfNeeded: delta) << 4 | type.rawValue)
        } else {
            bytes.append(type.rawValue)
            zigZag(Int64(id))
        }
        last = id
    }

    @inline(__always)
    private mutating func zigZag(_ value: Int64) { varint(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

    @inline(__always)
    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
