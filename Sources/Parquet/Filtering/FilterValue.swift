extension RecordValue {
    /// The value in PLAIN form without length prefix, as bounds are; `nil` when it is not of the type.
    func plainBytes(_ type: PhysicalType) -> [UInt8]? {
        switch (self, type) {
        case (.boolean(let value), .boolean): [value ? 1 : 0]
        case (.int32(let value), .int32): Self.littleEndian(UInt32(bitPattern: value))
        case (.int64(let value), .int64): Self.littleEndian(UInt64(bitPattern: value))
        case (.float(let value), .float): Self.littleEndian(value.bitPattern)
        case (.double(let value), .double): Self.littleEndian(value.bitPattern)
        case (.bytes(let value), .byteArray): value
        case (.bytes(let value), .fixedLengthByteArray(let length)): value.count == length ? value : nil
        default: nil
        }
    }

    /// The hash that a Bloom filter has of the value; `nil` where equal values may have different hashes.
    var bloomHash: UInt64? {
        switch self {
        case .int32(let value): BloomFilter.hash(value)
        case .int64(let value): BloomFilter.hash(value)
        // The two zeros are equal, and NaN has many forms.
        case .float(let value): value == 0 || value.isNaN ? nil : BloomFilter.hash(value)
        case .double(let value): value == 0 || value.isNaN ? nil : BloomFilter.hash(value)
        case .bytes(let value): BloomFilter.hash(value)
        case .boolean, .null, .structure, .list, .map: nil
        }
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
