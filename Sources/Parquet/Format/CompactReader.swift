/// Reads the Thrift compact protocol from untrusted bytes.
///
/// Every read is checked against the end of the input, lists may not claim more elements than bytes are left, and
/// skipped values may nest ``maximumDepth`` deep, so time and memory are linear in the input.
///
/// Source: Apache Thrift, `doc/specs/thrift-compact-protocol.md`.
struct CompactReader {
    /// How deep an unknown value may nest before it is refused.
    static let maximumDepth = 32

    private let bytes: [UInt8]
    private let end: Int
    private let fileOffset: Int
    /// The next byte to read, as an index into the array.
    private(set) var position: Int

    /// Reads `bytes[start...]`; `fileOffset` is where `bytes[0]` stands in the file and is used in messages only.
    init(_ bytes: [UInt8], at start: Int = 0, fileOffset: Int) {
        self.bytes = bytes
        self.end = bytes.count
        self.fileOffset = fileOffset
        self.position = start
    }

    /// How many bytes are left.
    var remaining: Int { end - position }

    /// An error at the present position.
    @inline(never)
    func malformed(_ message: String) -> ParquetError {
        ParquetError(.malformed, message, offset: fileOffset + position)
    }

    // MARK: Structures

    /// The header of the next field, or `nil` at the end of the structure.
    ///
    /// `last` is the number of the field before, 0 at the start; it is updated.
    mutating func nextField(after last: inout Int16) throws(ParquetError) -> CompactField? {
        let header = try byte()
        if header == 0 { return nil }
        guard let type = CompactType(rawValue: header & 0x0f) else {
            throw malformed("the metadata has a field of unknown type \(header & 0x0f)")
        }
        let delta = Int16(header >> 4)
        if delta == 0 {
            guard let id = Int16(exactly: try zigZag()) else { throw malformed("a field number is out of range") }
            last = id
        } else {
            let (id, overflow) = last.addingReportingOverflow(delta)
            if overflow { throw malformed("a field number is out of range") }
            last = id
        }
        return CompactField(id: last, type: type)
    }

    /// A boolean field's value.
    func bool(_ field: CompactField) throws(ParquetError) -> Bool {
        switch field.type {
        case .yes: return true
        case .no: return false
        default: throw mismatch(field, "a boolean")
        }
    }

    /// An integer field of any width that fits 32 bits.
    mutating func int32(_ field: CompactField) throws(ParquetError) -> Int32 {
        guard let value = Int32(exactly: try int64(field)) else {
            throw malformed("field \(field.id) does not fit 32 bits")
        }
        return value
    }

    /// An integer field of any width.
    mutating func int64(_ field: CompactField) throws(ParquetError) -> Int64 {
        switch field.type {
        case .int16, .int32, .int64: return try zigZag()
        case .int8: return Int64(Int8(bitPattern: try byte()))
        default: throw mismatch(field, "an integer")
        }
    }

    /// An integer field that counts or places something and so cannot be negative.
    mutating func size(_ field: CompactField) throws(ParquetError) -> Int {
        let value = try int64(field)
        if value < 0 { throw malformed("field \(field.id) is \(value), but cannot be negative") }
        return Int(value)
    }

    /// A byte string field.
    mutating func binary(_ field: CompactField) throws(ParquetError) -> [UInt8] {
        if field.type != .binary { throw mismatch(field, "a byte string") }
        return try binary()
    }

    /// A text field; bytes that are not UTF-8 are replaced.
    mutating func string(_ field: CompactField) throws(ParquetError) -> String {
        if field.type != .binary { throw mismatch(field, "a string") }
        return try string()
    }

    /// Checks that a field is a structure whose fields can be read next.
    func structure(_ field: CompactField) throws(ParquetError) {
        if field.type != .structure { throw mismatch(field, "a structure") }
    }

    /// The header of a list field whose elements are of type `element`; returns how many follow.
    mutating func list(_ field: CompactField, of element: CompactType) throws(ParquetError) -> Int {
        if field.type != .list && field.type != .set { throw mismatch(field, "a list") }
        let (count, type) = try listHeader()
        // Both nibbles stand for a list of booleans.
        let same = type == element || (element == .yes && type == .no)
        if !same && count > 0 { throw malformed("field \(field.id) is a list of another type than the format says") }
        return count
    }

    /// The next element of a list of integers of 32 bits.
    mutating func int32Element() throws(ParquetError) -> Int32 {
        guard let value = Int32(exactly: try zigZag()) else { throw malformed("a list element does not fit 32 bits") }
        return value
    }

    /// The next element of a list of booleans.
    mutating func boolElement() throws(ParquetError) -> Bool { try byte() == 1 }

    /// The next element of a list of byte strings.
    mutating func binary() throws(ParquetError) -> [UInt8] { Array(bytes[try binaryRange()]) }

    /// The next element of a list of strings.
    mutating func string() throws(ParquetError) -> String {
        let range = try binaryRange()
        return String(decoding: bytes[range], as: UTF8.self)
    }

    /// A list of 64-bit integers.
    mutating func int64List(_ field: CompactField) throws(ParquetError) -> [Int64] {
        let count = try list(field, of: .int64)
        var values: [Int64] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try zigZag()) }
        return values
    }

    // MARK: Skipping

    /// Passes over a field this module has no use for.
    mutating func skip(_ field: CompactField) throws(ParquetError) {
        switch field.type {
        case .yes, .no: break
        default: try skip(field.type, depth: 0)
        }
    }

    private mutating func skip(_ type: CompactType, depth: Int) throws(ParquetError) {
        if depth > Self.maximumDepth {
            throw malformed("the metadata nests deeper than \(Self.maximumDepth) levels")
        }
        switch type {
        case .yes, .no, .int8: _ = try byte()
        case .int16, .int32, .int64: _ = try varint()
        case .double: try advance(8)
        case .uuid: try advance(16)
        case .binary: _ = try binaryRange()
        case .list, .set:
            let (count, element) = try listHeader()
            for _ in 0..<count { try skip(element, depth: depth + 1) }
        case .map:
            let count = try checkedCount(try varint())
            if count == 0 { return }
            let types = try byte()
            guard let key = CompactType(rawValue: types >> 4), let value = CompactType(rawValue: types & 0x0f) else {
                throw malformed("a map has elements of unknown type")
            }
            for _ in 0..<count {
                try skip(key, depth: depth + 1)
                try skip(value, depth: depth + 1)
            }
        case .structure:
            var last: Int16 = 0
            while let field = try nextField(after: &last) {
                switch field.type {
                case .yes, .no: break
                default: try skip(field.type, depth: depth + 1)
                }
            }
        }
    }

    // MARK: Bytes

    private mutating func listHeader() throws(ParquetError) -> (count: Int, element: CompactType) {
        let header = try byte()
        let short = header >> 4
        let count = try checkedCount(short == 15 ? try varint() : UInt64(short))
        if let type = CompactType(rawValue: header & 0x0f) { return (count, type) }
        // Some writers give an empty list no element type.
        if count == 0 { return (0, .int8) }
        throw malformed("a list has elements of unknown type \(header & 0x0f)")
    }

    /// An element takes a byte at least, so a larger count is a lie.
    private func checkedCount(_ count: UInt64) throws(ParquetError) -> Int {
        if count > UInt64(remaining) {
            throw malformed("a list claims \(count) elements, but only \(remaining) bytes follow")
        }
        return Int(count)
    }

    private mutating func binaryRange() throws(ParquetError) -> Range<Int> {
        let length = try varint()
        if length > UInt64(remaining) {
            throw malformed("a byte string claims \(length) bytes, but only \(remaining) follow")
        }
        let start = position
        position += Int(length)
        return start..<position
    }

    private mutating func advance(_ count: Int) throws(ParquetError) {
        if count > remaining { throw malformed("the metadata is cut short") }
        position += count
    }

    @inline(__always)
    private mutating func byte() throws(ParquetError) -> UInt8 {
        if position >= end { throw malformed("the metadata is cut short") }
        let value = bytes[position]
        position += 1
        return value
    }

    @inline(__always)
    private mutating func zigZag() throws(ParquetError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    private mutating func varint() throws(ParquetError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            value |= UInt64(next & 0x7f) &<< shift
            if next < 0x80 {
                if shift == 63 && next > 1 { throw malformed("a number does not fit 64 bits") }
                return value
            }
            shift += 7
            if shift > 63 { throw malformed("a number does not fit 64 bits") }
        }
    }

    @inline(never)
    private func mismatch(_ field: CompactField, _ expected: String) -> ParquetError {
        malformed("field \(field.id) should be \(expected), but is of type \(field.type)")
    }
}
