extension ColumnValues {
    /// No values of a physical type.
    ///
    /// - Throws: ``ParquetError`` with code `unsupported` for INT96.
    public static func empty(of type: PhysicalType) throws(ParquetError) -> ColumnValues {
        switch type {
        case .boolean: .boolean([])
        case .int32: .int32([])
        case .int64: .int64([])
        case .float: .float([])
        case .double: .double([])
        case .byteArray, .fixedLengthByteArray: .bytes(ByteArrays())
        case .int96: throw ParquetError(.unsupported, "INT96 values, deprecated by the format, are not supported")
        }
    }

    /// The values at some positions; numbers and views are copied, the bytes of byte strings are shared.
    ///
    /// - Complexity: O(length of `range`).
    public func slice(_ range: Range<Int>) -> ColumnValues {
        switch self {
        case .boolean(let values): .boolean(Array(values[range]))
        case .int32(let values): .int32(Array(values[range]))
        case .int64(let values): .int64(Array(values[range]))
        case .float(let values): .float(Array(values[range]))
        case .double(let values): .double(Array(values[range]))
        case .bytes(let values): .bytes(ByteArrays(buffers: values.buffers, views: Array(values.views[range])))
        }
    }

    /// Adds values of the same type; the bytes of byte strings are shared, not copied.
    ///
    /// - Throws: ``ParquetError`` with code `invalidArgument` when the types differ.
    /// - Complexity: O(length of `other`), amortised.
    public mutating func append(_ other: ColumnValues) throws(ParquetError) {
        // In each case `self` lets go of its array before it grows, so that it grows in place.
        switch (self, other) {
        case (.boolean(var values), .boolean(let more)):
            self = .boolean([])
            values += more
            self = .boolean(values)
        case (.int32(var values), .int32(let more)):
            self = .int32([])
            values += more
            self = .int32(values)
        case (.int64(var values), .int64(let more)):
            self = .int64([])
            values += more
            self = .int64(values)
        case (.float(var values), .float(let more)):
            self = .float([])
            values += more
            self = .float(values)
        case (.double(var values), .double(let more)):
            self = .double([])
            values += more
            self = .double(values)
        case (.bytes(var values), .bytes(let more)):
            self = .bytes(ByteArrays())
            let base = UInt32(values.buffers.count)
            for buffer in more.buffers { _ = values.addBuffer(buffer) }
            values.views.reserveCapacity(values.views.count + more.views.count)
            for var view in more.views {
                if !view.isNull { view.buffer += base }
                values.views.append(view)
            }
            self = .bytes(values)
        default:
            throw ParquetError(.invalidArgument, "values of different types cannot be put into one column")
        }
    }
}
