/// Writes levels, dictionary indices and booleans as runs of one value and groups of eight packed ones.
///
/// Source: Apache Parquet format, `Encodings.md` (RLE / bit-packing hybrid).
enum HybridEncoder {
    /// A run shorter than this costs more than its values packed.
    private static var shortestRun: Int { 8 }

    /// Adds `values`, none of which needs more than `width` bits, without a length prefix.
    static func append<Value: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafeBufferPointer<Value>,
        width: Int,
        to buffer: inout PageBuffer
    ) {
        let count = values.count
        guard count > 0, let base = values.baseAddress else { return }
        var literals = 0
        var index = 0
        while index < count {
            let value = unsafe base[index]
            var end = index + 1
            while end < count, unsafe base[end] == value { end += 1 }
            // Packed values come in groups of eight, so a run may have to fill up the group before it.
            let borrowed = (8 - (index - literals) % 8) % 8
            let run = end - index - borrowed
            if run >= shortestRun || (end == count && literals == index) {
                unsafe appendPacked(base, literals..<(index + borrowed), width, to: &buffer)
                appendRun(of: UInt64(value), count: run, width, to: &buffer)
                literals = end
            }
            index = end
        }
        unsafe appendPacked(base, literals..<count, width, to: &buffer)
    }

    /// Adds `count` times the same value.
    static func appendRun(of value: UInt64, count: Int, _ width: Int, to buffer: inout PageBuffer) {
        buffer.appendVarint(UInt64(count) << 1)
        var rest = value
        for _ in 0..<((width + 7) / 8) {
            buffer.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    private static func appendPacked<Value: FixedWidthInteger & UnsignedInteger>(
        _ base: UnsafePointer<Value>,
        _ range: Range<Int>,
        _ width: Int,
        to buffer: inout PageBuffer
    ) {
        if range.isEmpty || width == 0 {
            // Values of no bits still have to be counted.
            if !range.isEmpty { appendRun(of: 0, count: range.count, 0, to: &buffer) }
            return
        }
        let groups = (range.count + 7) / 8
        buffer.appendVarint(UInt64(groups) << 1 | 1)
        let whole = range.count & ~7
        unsafe buffer.append(upTo: groups * width) { target in
            var written = 0
            if whole > 0 {
                written = unsafe BitPackingEncoder.pack(count: whole, width: width, to: target) { index in
                    unsafe UInt64(truncatingIfNeeded: base[range.lowerBound + index])
                }
            }
            if whole < range.count {
                written += unsafe BitPackingEncoder.pack(count: 8, width: width, to: target + written) { index in
                    let position = range.lowerBound + whole + index
                    return position < range.upperBound ? unsafe UInt64(truncatingIfNeeded: base[position]) : 0
                }
            }
            return written
        }
    }
}
