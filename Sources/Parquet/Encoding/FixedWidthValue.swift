/// A number that PLAIN writes as its own little-endian bytes.
protocol FixedWidthValue: BitwiseCopyable {
    /// The bits, by which a dictionary tells values apart.
    var bits: UInt64 { get }
    /// Its hash for a Bloom filter.
    var bloomHash: UInt64 { get }
    /// The least and the greatest value; `nil` when there are none.
    static func bounds(_ values: UnsafeBufferPointer<Self>) -> (minimum: Self, maximum: Self)?
    /// Adds values in DELTA_BINARY_PACKED form; `false` when the type has none.
    static func appendDelta(_ values: UnsafeBufferPointer<Self>, to buffer: inout PageBuffer) -> Bool
}

extension FixedWidthValue where Self: FixedWidthInteger {
    var bits: UInt64 { UInt64(truncatingIfNeeded: self) }

    static func bounds(_ values: UnsafeBufferPointer<Self>) -> (minimum: Self, maximum: Self)? {
        guard values.count > 0 else { return nil }
        var minimum = Self.max
        var maximum = Self.min
        for index in 0..<values.count {
            let value = unsafe values[index]
            minimum = Swift.min(minimum, value)
            maximum = Swift.max(maximum, value)
        }
        return (minimum, maximum)
    }
}

extension FixedWidthValue where Self: BinaryFloatingPoint {
    static func bounds(_ values: UnsafeBufferPointer<Self>) -> (minimum: Self, maximum: Self)? {
        var minimum = Self.infinity
        var maximum = -Self.infinity
        var found = false
        for index in 0..<values.count {
            let value = unsafe values[index]
            if value.isNaN { continue }
            minimum = Swift.min(minimum, value)
            maximum = Swift.max(maximum, value)
            found = true
        }
        guard found else { return nil }
        // `parquet.thrift` asks for it, since the two zeros are equal but readers may compare bits.
        if minimum == 0 { minimum = -Self.zero }
        if maximum == 0 { maximum = Self.zero }
        return (minimum, maximum)
    }

    static func appendDelta(_ values: UnsafeBufferPointer<Self>, to buffer: inout PageBuffer) -> Bool { false }
}

extension Int32: FixedWidthValue {
    var bloomHash: UInt64 { XXHash64.hash(UInt32(bitPattern: self)) }

    static func appendDelta(_ values: UnsafeBufferPointer<Self>, to buffer: inout PageBuffer) -> Bool {
        unsafe DeltaBinaryPackedEncoder.append(values, to: &buffer)
        return true
    }
}

extension Int64: FixedWidthValue {
    var bloomHash: UInt64 { XXHash64.hash(UInt64(bitPattern: self)) }

    static func appendDelta(_ values: UnsafeBufferPointer<Self>, to buffer: inout PageBuffer) -> Bool {
        unsafe DeltaBinaryPackedEncoder.append(values, to: &buffer)
        return true
    }
}

extension Float: FixedWidthValue {
    var bits: UInt64 { UInt64(bitPattern) }
    var bloomHash: UInt64 { XXHash64.hash(bitPattern) }
}

extension Double: FixedWidthValue {
    var bits: UInt64 { bitPattern }
    var bloomHash: UInt64 { XXHash64.hash(bitPattern) }
}
