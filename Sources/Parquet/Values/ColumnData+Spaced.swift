extension ColumnData {
    /// How many slots there are, nulls included.
    public var count: Int { definitionLevels?.count ?? repetitionLevels?.count ?? values.count }

    /// The byte strings of a flat column with a null view for each null, so that value `i` is that of row `i`.
    ///
    /// - Throws: ``ParquetError`` with code `invalidArgument` when the column is repeated or holds no byte strings.
    /// - Complexity: O(1) without nulls, else O(rows).
    public func spaced() throws(ParquetError) -> ByteArrays {
        guard case .bytes(let dense) = values, repetitionLevels == nil else {
            throw ParquetError(.invalidArgument, "only a flat column of byte strings can be spaced out")
        }
        guard let levels = definitionLevels else { return dense }
        // In a column that is not repeated only the highest level has a value; dense values count how many have it.
        guard dense.count > 0 else {
            return ByteArrays(buffers: [], views: [ByteView](repeating: .null, count: levels.count))
        }
        let maximum = levels.max() ?? 0
        var views: [ByteView] = []
        views.reserveCapacity(levels.count)
        var next = 0
        for level in levels {
            if level == maximum, next < dense.count {
                views.append(dense.views[next])
                next += 1
            } else {
                views.append(.null)
            }
        }
        guard next == dense.count else {
            throw ParquetError(.invalidArgument, "\(dense.count) values for \(next) slots that have one")
        }
        return ByteArrays(buffers: dense.buffers, views: views)
    }
}

extension ColumnValues {
    /// How many values there are.
    public var count: Int {
        switch self {
        case .boolean(let values): values.count
        case .int32(let values): values.count
        case .int64(let values): values.count
        case .float(let values): values.count
        case .double(let values): values.count
        case .bytes(let values): values.count
        }
    }
}
