extension ParquetFile {
    /// The rows of a row group that may meet a condition, as far as what is known can tell.
    ///
    /// - Parameters:
    ///   - rowGroup: The number of the row group.
    ///   - filter: The condition.
    ///   - evidence: What has been loaded; the metadata's statistics are always used.
    /// - Returns: Ascending ranges, counted from the start of the row group.
    /// - Throws: ``ParquetError`` with code `invalidArgument` for a column that is not there or a value of another type
    ///   than its column, `malformed` when the indexes of a column contradict each other.
    /// - Complexity: O(conditions × pages).
    public func rows(
        rowGroup: Int,
        mayMatch filter: Filter,
        evidence: FilterEvidence = FilterEvidence()
    ) throws(ParquetError) -> [Range<Int>] {
        let count = try self.rowGroup(rowGroup).rowCount
        switch filter {
        case .all(let filters):
            var rows = RowRanges.union([0..<count])
            for filter in filters {
                let some = try self.rows(rowGroup: rowGroup, mayMatch: filter, evidence: evidence)
                rows = RowRanges.intersection(rows, some)
            }
            return rows
        case .any(let filters):
            var rows: [Range<Int>] = []
            for filter in filters { rows += try self.rows(rowGroup: rowGroup, mayMatch: filter, evidence: evidence) }
            return RowRanges.union(rows)
        case .isNull(let column):
            return try matching(rowGroup, column, evidence) { $0.nullCount != 0 }
        case .isNotNull(let column):
            let slots = try chunk(rowGroup, column).valueCount
            return try matching(rowGroup, column, evidence) { !$0.isAllNull && $0.nullCount != Int64(slots) }
        case .between(let column, let lower, let upper):
            return try matching(rowGroup, column, lower, upper, evidence)
        }
    }

    /// What is known of the values in a chunk or page.
    private struct Bounds {
        var minimum: [UInt8]?
        var maximum: [UInt8]?
        var nullCount: Int64?
        var isAllNull = false
    }

    private func matching(
        _ rowGroup: Int,
        _ column: Int,
        _ lower: RecordValue?,
        _ upper: RecordValue?,
        _ evidence: FilterEvidence
    ) throws(ParquetError) -> [Range<Int>] {
        let leaf = try chunkColumn(rowGroup, column)
        func plain(_ value: RecordValue?) throws(ParquetError) -> [UInt8]? {
            guard let value else { return nil }
            if let bytes = value.plainBytes(leaf.type) { return bytes }
            throw ParquetError(.invalidArgument, "column \(leaf.name) is compared with a value that is no \(leaf.type)")
        }
        let bounds = (lower: try plain(lower), upper: try plain(upper))
        if let lower, lower == upper, let hash = lower.bloomHash, let filter = evidence.bloomFilters[column],
            !filter.mightContain(hash: hash)
        {
            return []
        }
        let order = ValueOrder(leaf)
        func isBound(_ bytes: [UInt8]) -> Bool { order?.byteCount.map { $0 == bytes.count } ?? true }
        return try matching(rowGroup, column, evidence) { known in
            if known.isAllNull { return false }
            guard let order else { return true }
            if let lower = bounds.lower, let maximum = known.maximum, isBound(maximum), order.isLess(maximum, lower) {
                return false
            }
            if let upper = bounds.upper, let minimum = known.minimum, isBound(minimum), order.isLess(upper, minimum) {
                return false
            }
            return true
        }
    }

    /// The rows of the pages of which `mayMatch` is true; all or none where there is no page index.
    private func matching(
        _ rowGroup: Int,
        _ column: Int,
        _ evidence: FilterEvidence,
        _ mayMatch: (Bounds) -> Bool
    ) throws(ParquetError) -> [Range<Int>] {
        let count = try self.rowGroup(rowGroup).rowCount
        let leaf = try chunkColumn(rowGroup, column)
        let chunk = try chunk(rowGroup, column)
        guard count > 0, mayMatch(bounds(of: chunk, column, leaf)) else { return [] }
        guard let index = evidence.columnIndexes[column], let pages = evidence.offsetIndexes[column]?.pages else {
            return [0..<count]
        }
        guard index.nullPages.count == pages.count, index.minimums.count == pages.count,
            index.maximums.count == pages.count, (index.nullCounts?.count ?? pages.count) == pages.count
        else {
            throw ParquetError(.malformed, "column \(leaf.name): its column index and offset index differ in length")
        }
        let isTrusted = isTrusted(column, leaf)
        var rows: [Range<Int>] = []
        for page in pages.indices {
            let first = pages[page].firstRow
            let end = page + 1 < pages.count ? pages[page + 1].firstRow : count
            guard 0 <= first, first <= end, end <= count else {
                throw ParquetError(.malformed, "column \(leaf.name): the rows of its offset index do not ascend")
            }
            let isAllNull = index.nullPages[page]
            let known = Bounds(
                minimum: isAllNull || !isTrusted ? nil : usable(index.minimums[page], leaf),
                maximum: isAllNull || !isTrusted ? nil : usable(index.maximums[page], leaf),
                nullCount: index.nullCounts?[page],
                isAllNull: isAllNull
            )
            // How many slots a page has is not known, so only `isAllNull` says that it has no value.
            if mayMatch(known) { rows.append(first..<end) }
        }
        return RowRanges.union(rows)
    }

    private func chunkColumn(_ rowGroup: Int, _ column: Int) throws(ParquetError) -> Column {
        _ = try chunk(rowGroup, column)
        return schema.columns[column]
    }

    /// What the statistics of a chunk say that can be relied upon.
    private func bounds(of chunk: ColumnChunkMetadata, _ column: Int, _ leaf: Column) -> Bounds {
        guard let statistics = chunk.statistics else { return Bounds() }
        var bounds = Bounds(nullCount: statistics.nullCount.map(Int64.init))
        bounds.isAllNull = statistics.nullCount == chunk.valueCount
        if isTrusted(column, leaf) {
            bounds.minimum = statistics.minimum.flatMap { usable($0, leaf) }
            bounds.maximum = statistics.maximum.flatMap { usable($0, leaf) }
        }
        if isSigned(leaf) {
            bounds.minimum = bounds.minimum ?? statistics.legacyMinimum.flatMap { usable($0, leaf) }
            bounds.maximum = bounds.maximum ?? statistics.legacyMaximum.flatMap { usable($0, leaf) }
        }
        return bounds
    }

    /// A bound that is not NaN, which would hide everything.
    private func usable(_ bytes: [UInt8], _ leaf: Column) -> [UInt8]? {
        guard let order = ValueOrder(leaf) else { return nil }
        if let count = order.byteCount, count != bytes.count { return nil }
        switch order {
        case .float, .double:
            // Only NaN is neither below nor above everything, itself and infinity included.
            let infinity = RecordValue.double(.infinity).plainBytes(.double) ?? []
            let single = RecordValue.float(.infinity).plainBytes(.float) ?? []
            let top = order == .float ? single : infinity
            return order.isLess(bytes, top) || bytes == top ? bytes : nil
        default: return bytes
        }
    }

    /// Whether the file says that the bounds of a column hold by the order this module compares with.
    private func isTrusted(_ column: Int, _ leaf: Column) -> Bool {
        guard column < metadata.columnOrders.count else { return metadata.columnOrders.isEmpty && isSigned(leaf) }
        switch metadata.columnOrders[column] {
        case .typeDefined: return true
        case .ieee754Total: return leaf.type == .float || leaf.type == .double
        case .unknown: return false
        }
    }

    /// Whether a column holds signed numbers, whose bounds were right even before files named their order.
    private func isSigned(_ leaf: Column) -> Bool {
        switch ValueOrder(leaf) {
        case .int32, .int64, .float, .double: true
        default: false
        }
    }
}
