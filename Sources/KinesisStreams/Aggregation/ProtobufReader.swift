/// Reads the fields of one Protocol Buffers message, and never beyond its bytes.
///
/// Source: Protocol Buffers Documentation, "Encoding". Groups, which were taken out of the language, are refused.
struct ProtobufReader {
    /// The bytes are no message.
    struct Malformed: Error {}

    /// The value of a field.
    enum Value {
        case varint(UInt64)
        /// Eight or four bytes, of no use here.
        case fixed
        case bytes(Range<Int>)
    }

    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    /// Reads a message that lies in a range of bytes.
    init(_ bytes: [UInt8], _ range: Range<Int>) throws(Malformed) {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { throw Malformed() }
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next field; `nil` at the end of the message.
    mutating func next() throws(Malformed) -> (number: UInt64, value: Value)? {
        guard position < end else { return nil }
        let tag = try varint()
        let number = tag >> 3
        guard number > 0, number < 1 << 29 else { throw Malformed() }
        switch tag & 7 {
        case 0: return (number, .varint(try varint()))
        case 1:
            try skip(8)
            return (number, .fixed)
        case 2:
            let count = try varint()
            guard count <= UInt64(end - position) else { throw Malformed() }
            let start = position
            try skip(Int(count))
            return (number, .bytes(start..<position))
        case 5:
            try skip(4)
            return (number, .fixed)
        default: throw Malformed()
        }
    }

    private mutating func skip(_ count: Int) throws(Malformed) {
        guard count <= end - position else { throw Malformed() }
        position += count
    }

    private mutating func varint() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard position < end else { throw Malformed() }
            let byte = bytes[position]
            position += 1
            // Of the tenth byte only one bit has room.
            if shift == 63, byte > 1 { throw Malformed() }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw Malformed()
    }
}
