/// Booleans: one bit each in PLAIN form.
struct BooleanSource: ValueSource {
    private let values: [Bool]

    init(_ values: [Bool]) { self.values = values }

    var count: Int { values.count }
    var plainByteCount: Int { (values.count + 7) / 8 }
    /// Rounded up, as pages of so many booleans are limited by rows anyway.
    func plainByteCount(at index: Int) -> Int { 1 }

    func pageEnd(from start: Int, limit: Int, byteCount: Int) -> Int { min(limit, start + max(1, byteCount)) }

    func appendPlain(_ range: Range<Int>, to buffer: inout PageBuffer) {
        unsafe buffer.append(upTo: (range.count + 7) / 8) { target in
            unsafe BitPackingEncoder.pack(count: range.count, width: 1, to: target) { index in
                values[range.lowerBound + index] ? 1 : 0
            }
        }
    }

    func fill(_ dictionary: inout DictionaryBuilder, byteLimit: Int) -> Bool { false }

    func bounds(_ range: Range<Int>, _ order: ValueOrder) -> ValueBounds? {
        if range.isEmpty { return nil }
        let slice = values[range]
        return ValueBounds(minimum: [slice.contains(false) ? 0 : 1], maximum: [slice.contains(true) ? 1 : 0])
    }

    func insert(into filter: inout BloomFilter) {}
}
