extension ColumnData {
    /// A flat optional byte column from values of which some are null views.
    ///
    /// Makes the definition levels and drops the null views; the bytes are not copied. Without nulls it costs a scan.
    public init(nullable values: ByteArrays) {
        guard values.views.contains(where: \.isNull) else {
            self.init(.bytes(values))
            return
        }
        var levels: [UInt8] = []
        levels.reserveCapacity(values.count)
        var views: [ByteView] = []
        for view in values.views {
            levels.append(view.isNull ? 0 : 1)
            if !view.isNull { views.append(view) }
        }
        let buffers = views.isEmpty ? [] : values.buffers
        self.init(.bytes(ByteArrays(buffers: buffers, views: views)), definitionLevels: levels)
    }

    /// A flat optional column of `count` nulls.
    public static func nulls(count: Int, of type: PhysicalType) -> ColumnData {
        let values: ColumnValues =
            switch type {
            case .boolean: .boolean([])
            case .int32: .int32([])
            case .int64: .int64([])
            case .float: .float([])
            case .double: .double([])
            case .int96, .byteArray, .fixedLengthByteArray: .bytes(ByteArrays())
            }
        return ColumnData(values, definitionLevels: [UInt8](repeating: 0, count: count))
    }
}
