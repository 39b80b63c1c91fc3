/// Writes the Thrift compact protocol.
///
/// Source: Apache Thrift, `doc/specs/thrift-compact-protocol.md`.
struct CompactWriter: ~Copyable {
    /// What was written so far.
    var bytes: PageBuffer
    private var last: Int16 = 0

    /// Appends to `bytes`.
    init(_ bytes: consuming PageBuffer = PageBuffer()) { self.bytes = bytes }

    /// Goes on with a structure whose fields up to `last` are in ``bytes`` already.
    mutating func continueStructure(after last: Int16) { self.last = last }

    /// Ends a structure that was continued.
    mutating func end() {
        bytes.append(UInt8(0))
        last = 0
    }

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
        bytes.append(UInt8(0))
        last = outer
    }

    /// A boolean list element.
    mutating func boolElement(_ value: Bool) { bytes.append(UInt8(value ? 1 : 2)) }

    /// An integer list element.
    mutating func intElement(_ value: Int64) { zigZag(value) }

    /// A byte string list element.
    mutating func binary(_ value: [UInt8]) {
        varint(UInt64(value.count))
        bytes.append(value)
    }

    /// A text list element.
    mutating func string(_ value: String) {
        varint(UInt64(value.utf8.count))
        bytes.append(value)
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
    private mutating func varint(_ value: UInt64) { bytes.appendVarint(value) }
}
