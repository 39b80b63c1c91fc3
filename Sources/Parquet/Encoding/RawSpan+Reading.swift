extension RawSpan {
    /// The little-endian integer at `offset`; the caller has checked that it lies inside.
    @inline(__always)
    func load<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: type)
    }

    /// The four-byte length at `position`, which must leave that many bytes behind it; `position` moves past the
    /// length.
    func length(at position: inout Int, of what: @autoclosure () -> String) throws(ParquetError) -> Int {
        guard byteCount - position >= 4 else {
            throw ParquetError(.malformed, "the page ends before the length of its \(what())")
        }
        let length = Int(load(UInt32.self, at: position))
        position += 4
        guard length <= byteCount - position else {
            throw ParquetError(.malformed, "\(what()) of \(length) bytes in a page with \(byteCount - position) left")
        }
        return length
    }

    /// The unsigned LEB128 number at `position`, which moves past it.
    func unsignedVarint(at position: inout Int) throws(ParquetError) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while position < byteCount {
            let byte = load(UInt8.self, at: position)
            position += 1
            guard shift < 63 || byte <= 1 else { break }
            result |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return result }
            shift += 7
        }
        throw ParquetError(.malformed, "a variable-length number runs past the end of the page or 64 bits")
    }

    /// The zigzag LEB128 number at `position`, which moves past it.
    func signedVarint(at position: inout Int) throws(ParquetError) -> Int64 {
        let raw = try unsignedVarint(at: &position)
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }
}
