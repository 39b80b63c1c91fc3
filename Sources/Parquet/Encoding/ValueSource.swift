/// The values of a column chunk, whatever their type, as the encoders want them.
///
/// Implementations point into the caller's arrays and live no longer than one call of
/// ``ColumnValues/withSource(_:_:)``.
protocol ValueSource {
    /// How many values there are.
    var count: Int { get }

    /// Length of value `index` in PLAIN form, in bytes.
    func plainByteCount(at index: Int) -> Int

    /// Length of all values in PLAIN form, in bytes.
    var plainByteCount: Int { get }

    /// Where a page ends that starts with value `start`: at `limit`, or behind the value with which it reaches
    /// `byteCount` bytes in PLAIN form.
    func pageEnd(from start: Int, limit: Int, byteCount: Int) -> Int

    /// Adds values in PLAIN form.
    func appendPlain(_ range: Range<Int>, to buffer: inout PageBuffer)

    /// Adds values in DELTA_BINARY_PACKED form; `false` when the type has none.
    func appendDelta(_ range: Range<Int>, to buffer: inout PageBuffer) -> Bool

    /// Fills `dictionary` with the distinct values and an index for each; `false` when it does not pay.
    func fill(_ dictionary: inout DictionaryBuilder, byteLimit: Int) -> Bool

    /// Bounds of values; `nil` when there are none.
    func bounds(_ range: Range<Int>, _ order: ValueOrder) -> ValueBounds?

    /// Adds every value to a filter.
    func insert(into filter: inout BloomFilter)
}

extension ValueSource {
    func appendDelta(_ range: Range<Int>, to buffer: inout PageBuffer) -> Bool { false }
}
