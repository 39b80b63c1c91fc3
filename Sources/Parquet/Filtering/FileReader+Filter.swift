extension FileReader {
    /// The rows of the file that may meet a condition.
    ///
    /// Row groups are ruled out by statistics first, then by Bloom filter, and only of those left the page indexes of
    /// the condition's columns are read: at most two requests a row group where the source reads ranges together, and
    /// one or two more for each Bloom filter.
    ///
    /// - Throws: ``ParquetError`` as ``ParquetFile/rows(rowGroup:mayMatch:evidence:)`` does, and what the source
    ///   throws.
    public func rows(mayMatch filter: Filter) async throws -> [RowSelection] {
        var selections: [RowSelection] = []
        for rowGroup in file.metadata.rowGroups.indices {
            var evidence = FilterEvidence()
            guard try !file.rows(rowGroup: rowGroup, mayMatch: filter, evidence: evidence).isEmpty else { continue }
            for column in filter.columnsWithOneValue.sorted() {
                evidence.bloomFilters[column] = try await bloomFilter(rowGroup: rowGroup, column: column)
            }
            guard try !file.rows(rowGroup: rowGroup, mayMatch: filter, evidence: evidence).isEmpty else { continue }
            let columns = filter.columns.sorted()
            evidence.columnIndexes = try await columnIndexes(rowGroup: rowGroup, columns: columns)
            evidence.offsetIndexes = try await offsetIndexes(rowGroup: rowGroup, columns: columns)
            let rows = try file.rows(rowGroup: rowGroup, mayMatch: filter, evidence: evidence)
            if !rows.isEmpty { selections.append(RowSelection(rowGroup: rowGroup, rows: rows)) }
        }
        return selections
    }

    /// The rows that may meet a condition, batch by batch; see ``Filter`` for what else they may hold.
    ///
    /// - Throws: ``ParquetError`` as ``rows(mayMatch:)`` does, and what the source throws.
    public func batches(
        columns: [Int]? = nil,
        mayMatch filter: Filter,
        maximumRows: Int = .max
    ) async throws -> RecordBatches<Source> {
        batches(columns: columns, selections: try await rows(mayMatch: filter), maximumRows: maximumRows)
    }

    /// Whether a chunk may hold a value, by its Bloom filter; `true` when it has none.
    ///
    /// - Throws: ``ParquetError`` with code `invalidArgument` when the value is not of the column's type, and what the
    ///   source throws.
    public func mayContain(_ value: RecordValue, rowGroup: Int, column: Int) async throws -> Bool {
        var evidence = FilterEvidence()
        evidence.bloomFilters[column] = try await bloomFilter(rowGroup: rowGroup, column: column)
        return try !file.rows(rowGroup: rowGroup, mayMatch: .equals(column: column, value), evidence: evidence).isEmpty
    }

    /// The Bloom filter of a chunk, or `nil` when it has none.
    ///
    /// - Throws: ``ParquetError`` with code `malformed`, `limitExceeded` or `unsupported`, and what the source throws.
    public func bloomFilter(rowGroup: Int, column: Int) async throws -> BloomFilter? {
        guard let range = try file.bloomFilterRange(rowGroup: rowGroup, column: column) else { return nil }
        var bytes = try await read(range)
        let (header, headerByteCount) = try BloomFilterHeader.parse(bytes, fileOffset: range.lowerBound)
        let needed = try file.bloomFilterRange(range, headerByteCount + header.byteCount)
        if needed.count > bytes.count { bytes = try await read(needed) }
        return try BloomFilter(bits: bytes[headerByteCount..<needed.count])
    }

    private func read(_ range: Range<Int>) async throws -> [UInt8] {
        if let bytes = file.bytes(range) { return bytes }
        return try await source.read(range: range)
    }
}

extension ParquetFile {
    /// Where the Bloom filter of a chunk stands; only its beginning when the writer did not give its length.
    ///
    /// - Throws: ``ParquetError`` with code `malformed` when it lies outside the file, `limitExceeded` when it is
    ///   longer than ``ReadLimits/maximumFooterBytes``.
    public func bloomFilterRange(rowGroup: Int, column: Int) throws(ParquetError) -> Range<Int>? {
        let chunk = try chunk(rowGroup, column)
        guard let offset = chunk.bloomFilterOffset else { return nil }
        if let count = chunk.bloomFilterByteCount, count > 0 {
            return try range(of: .init(offset: offset, byteCount: count), "Bloom filter")
        }
        guard 0..<footerOffset ~= offset else {
            throw ParquetError(.malformed, "a Bloom filter begins outside the file", offset: offset)
        }
        // A header takes less than 32 bytes.
        return offset..<min(offset + 64, footerOffset)
    }

    /// Where a Bloom filter stands whose whole length is known now.
    func bloomFilterRange(_ range: Range<Int>, _ byteCount: Int) throws(ParquetError) -> Range<Int> {
        let extent = ColumnChunkMetadata.Extent(offset: range.lowerBound, byteCount: byteCount)
        return try self.range(of: extent, "Bloom filter") ?? range
    }
}
