/// Numbers of four or eight bytes.
///
/// `@unsafe` in all but name: the pointer is valid inside ``ColumnValues/withSource(_:_:)`` only, which alone makes
/// one.
@safe struct FixedWidthSource<Value: FixedWidthValue>: ValueSource {
    private let values: UnsafeBufferPointer<Value>

    init(_ values: UnsafeBufferPointer<Value>) { unsafe self.values = values }

    private static var width: Int { MemoryLayout<Value>.size }
    private func slice(_ range: Range<Int>) -> UnsafeBufferPointer<Value> {
        unsafe UnsafeBufferPointer(rebasing: values[range])
    }

    var count: Int { unsafe values.count }
    var plainByteCount: Int { unsafe values.count * Self.width }
    func plainByteCount(at index: Int) -> Int { Self.width }

    func pageEnd(from start: Int, limit: Int, byteCount: Int) -> Int {
        min(limit, start + max(1, (byteCount + Self.width - 1) / Self.width))
    }

    func appendPlain(_ range: Range<Int>, to buffer: inout PageBuffer) {
        // The bytes are written as they lie in memory, which is little-endian on every platform of ours.
        unsafe buffer.append(UnsafeRawBufferPointer(slice(range)))
    }

    func appendDelta(_ range: Range<Int>, to buffer: inout PageBuffer) -> Bool {
        unsafe Value.appendDelta(slice(range), to: &buffer)
    }

    func fill(_ dictionary: inout DictionaryBuilder, byteLimit: Int) -> Bool {
        dictionary.begin(valueCount: count)
        let sampleEnd = DictionaryBuilder.sampleEnd(count)
        for index in 0..<count {
            let value = unsafe values[index]
            dictionary.add(value.bits, byteCount: Self.width)
            if dictionary.byteCount > byteLimit { return false }
            if index == sampleEnd && !dictionary.isPromising { return false }
        }
        return dictionary.pays(plainByteCount: plainByteCount)
    }

    func bounds(_ range: Range<Int>, _ order: ValueOrder) -> ValueBounds? {
        // The bits of an unsigned integer come as those of a signed one.
        switch order {
        case .uint32:
            return unsafe slice(range).withMemoryRebound(to: UInt32.self) { unsafe Self.unsignedBounds($0) }
        case .uint64:
            return unsafe slice(range).withMemoryRebound(to: UInt64.self) { unsafe Self.unsignedBounds($0) }
        default:
            guard let (minimum, maximum) = unsafe Value.bounds(slice(range)) else { return nil }
            return ValueBounds(minimum: Self.bytes(minimum), maximum: Self.bytes(maximum))
        }
    }

    private static func unsignedBounds<Number: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ values: UnsafeBufferPointer<Number>
    ) -> ValueBounds? {
        guard values.count > 0 else { return nil }
        var minimum = Number.max
        var maximum = Number.min
        for index in 0..<values.count {
            let value = unsafe values[index]
            minimum = min(minimum, value)
            maximum = max(maximum, value)
        }
        return ValueBounds(minimum: bytes(minimum), maximum: bytes(maximum))
    }

    private static func bytes(_ value: some BitwiseCopyable) -> [UInt8] {
        unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
    }

    func insert(into filter: inout BloomFilter) {
        for index in 0..<count { filter.insert(hash: unsafe values[index].bloomHash) }
    }
}
