extension ParquetFile {
    /// Where the offset index of a column chunk stands, or `nil` when it has none.
    ///
    /// - Throws: ``ParquetError`` with code `malformed` when it lies outside the file, `limitExceeded` when it is
    ///   longer than ``ReadLimits/maximumFooterBytes``.
    public func offsetIndexRange(rowGroup: Int, column: Int) throws(ParquetError) -> Range<Int>? {
        try range(of: chunk(rowGroup, column).offsetIndex, "offset index")
    }

    /// Where the column index of a column chunk stands, or `nil` when it has none.
    ///
    /// - Throws: ``ParquetError`` as ``offsetIndexRange(rowGroup:column:)`` does.
    public func columnIndexRange(rowGroup: Int, column: Int) throws(ParquetError) -> Range<Int>? {
        try range(of: chunk(rowGroup, column).columnIndex, "column index")
    }

    /// The metadata of a column chunk.
    func chunk(_ rowGroup: Int, _ column: Int) throws(ParquetError) -> ColumnChunkMetadata {
        guard schema.columns.indices ~= column else {
            throw ParquetError(.invalidArgument, "column \(column) of a file that has \(schema.columns.count)")
        }
        return try self.rowGroup(rowGroup).columns[column]
    }

    /// The bytes of something that the footer points to.
    func range(of extent: ColumnChunkMetadata.Extent?, _ what: String) throws(ParquetError) -> Range<Int>? {
        guard let extent else { return nil }
        let (end, overflow) = extent.offset.addingReportingOverflow(extent.byteCount)
        guard !overflow, extent.offset >= 0, extent.byteCount >= 0, end <= footerOffset else {
            throw ParquetError(
                .malformed,
                "the \(what) of \(extent.byteCount) bytes reaches over the end of the file",
                offset: extent.offset
            )
        }
        guard extent.byteCount <= limits.maximumFooterBytes else {
            throw ParquetError(
                .limitExceeded,
                "the \(what) of \(extent.byteCount) bytes is longer than the \(limits.maximumFooterBytes) allowed",
                offset: extent.offset
            )
        }
        return extent.offset..<end
    }

    /// Bytes of a file that was given as a whole.
    func bytes(_ range: Range<Int>) -> [UInt8]? { inMemory.map { Array($0[range]) } }
}

extension FileReader {
    /// The offset indexes of some columns of a row group, by number of the column; those that have none are left out.
    ///
    /// - Throws: ``ParquetError``, and what the source throws.
    public func offsetIndexes(rowGroup: Int, columns: [Int]) async throws -> [Int: OffsetIndex] {
        var indexes: [Int: OffsetIndex] = [:]
        for (column, range, bytes) in try await read(
            columns,
            { try file.offsetIndexRange(rowGroup: rowGroup, column: $0) }
        ) {
            indexes[column] = try OffsetIndex.parse(bytes, fileOffset: range.lowerBound)
        }
        return indexes
    }

    /// The column indexes of some columns of a row group, by number of the column; those that have none are left out.
    ///
    /// - Throws: ``ParquetError``, and what the source throws.
    public func columnIndexes(rowGroup: Int, columns: [Int]) async throws -> [Int: ColumnIndex] {
        var indexes: [Int: ColumnIndex] = [:]
        for (column, range, bytes) in try await read(
            columns,
            { try file.columnIndexRange(rowGroup: rowGroup, column: $0) }
        ) {
            indexes[column] = try ColumnIndex.parse(bytes, fileOffset: range.lowerBound)
        }
        return indexes
    }

    /// Reads what each column points to, all in one request where the source can.
    private func read(
        _ columns: [Int],
        _ locate: (Int) throws -> Range<Int>?
    ) async throws -> [(column: Int, range: Range<Int>, bytes: [UInt8])] {
        var found: [(column: Int, range: Range<Int>)] = []
        for column in Set(columns).sorted() {
            if let range = try locate(column) { found.append((column, range)) }
        }
        // Indexes of neighbouring columns stand next to each other: one read fetches them all.
        let merged = ReadPlan.coalesce(found.map(\.range), gap: 64 << 10)
        var parts: [[UInt8]] = []
        if !merged.isEmpty, !file.isInMemory { parts = try await source.read(merged) }
        var result: [(column: Int, range: Range<Int>, bytes: [UInt8])] = []
        for (column, range) in found {
            if let bytes = file.bytes(range) {
                result.append((column, range, bytes))
                continue
            }
            guard let part = merged.firstIndex(where: { $0.upperBound >= range.upperBound }), part < parts.count,
                parts[part].count == merged[part].count
            else { throw ParquetError(.malformed, "fewer bytes came than asked for", offset: range.lowerBound) }
            let start = merged[part].lowerBound
            result.append((column, range, Array(parts[part][(range.lowerBound - start)..<(range.upperBound - start)])))
        }
        return result
    }
}
