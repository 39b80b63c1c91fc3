/// Reads a Parquet file from a ``ByteRangeReader``: the footer first, then only the pages needed.
///
/// Errors of the source are thrown as they are.
public struct FileReader<Source: ByteRangeReader>: Sendable {
    /// The file; set ``ParquetFile/verifiesChecksums`` here.
    public var file: ParquetFile
    /// Where its bytes come from.
    public let source: Source

    /// Opens a file with one read of its end, or two where the footer is longer than `tailByteCount`.
    ///
    /// A file that is no longer than that is kept in memory and never read again.
    ///
    /// - Parameters:
    ///   - source: Where the bytes come from.
    ///   - tailByteCount: How many bytes of the end to read first; the default is 64 KiB.
    ///   - limits: What the file may make the reader allocate.
    /// - Returns: The reader.
    /// - Throws: ``ParquetError`` as ``ParquetFile/open(tail:fileByteCount:limits:)`` does, and what `source` throws.
    public static func open(
        _ source: Source,
        tailByteCount: Int = 64 << 10,
        limits: ReadLimits = .defaults
    ) async throws -> FileReader {
        let size = source.byteCount
        var count = min(size, max(tailByteCount, FileTail.byteCount))
        // The second answer cannot ask for more, since the footer's length stands in the last bytes.
        for _ in 0..<2 {
            let tail = try await source.read(range: (size - count)..<size)
            switch try ParquetFile.open(tail: tail, fileByteCount: size, limits: limits) {
            case .opened(let file): return FileReader(file: file, source: source)
            case .needsTail(let needed): count = needed
            }
        }
        throw ParquetError(.malformed, "the end of the file changed while it was read", offset: size - 8)
    }

    /// Reads the bytes of a plan and returns a decoder for them.
    ///
    /// - Throws: ``ParquetError``, and what the source throws.
    public func decoder(_ plan: ReadPlan) async throws -> RowGroupDecoder {
        var bytes: [[UInt8]] = []
        if !file.isInMemory, !plan.ranges.isEmpty { bytes = try await source.read(plan.ranges) }
        return try decoder(plan, bytes)
    }

    /// Apart and not inlined, since Swift 6.3.1 crashes on a typed throw at the end of an asynchronous function.
    @inline(never)
    private func decoder(_ plan: ReadPlan, _ bytes: [[UInt8]]) throws -> RowGroupDecoder {
        file.isInMemory ? try file.decoder(plan) : try file.decoder(plan, bytes: bytes)
    }

    /// All rows, batch by batch, one row group in memory at a time (compressed).
    ///
    /// - Parameters:
    ///   - columns: The numbers of the leaves to read; `nil` means all.
    ///   - rows: Rows counted from the start of the file; `nil` means all. Row groups and, by the offset index, pages
    ///     outside of them are not read.
    ///   - maximumRows: The most rows of a batch.
    /// - Returns: A sequence that reads as it is iterated; each iterator reads for itself.
    public func batches(
        columns: [Int]? = nil,
        rows: Range<Int>? = nil,
        maximumRows: Int = .max
    ) -> RecordBatches<Source> {
        var selections: [RowSelection] = []
        var first = 0
        for (number, group) in file.metadata.rowGroups.enumerated() {
            let wanted = (rows ?? 0..<Int.max).clamped(to: first..<(first + group.rowCount))
            if !wanted.isEmpty {
                let local = (wanted.lowerBound - first)..<(wanted.upperBound - first)
                selections.append(RowSelection(rowGroup: number, rows: [local]))
            }
            first += group.rowCount
        }
        return batches(columns: columns, selections: selections, maximumRows: maximumRows)
    }

    /// Selected rows, batch by batch, one range of one row group in memory at a time (compressed).
    public func batches(
        columns: [Int]? = nil,
        selections: [RowSelection],
        maximumRows: Int = .max
    ) -> RecordBatches<Source> {
        RecordBatches(
            reader: self,
            columns: columns ?? Array(file.schema.columns.indices),
            selections: selections,
            maximumRows: maximumRows
        )
    }
}

/// Some rows of a row group.
public struct RowSelection: Sendable, Hashable {
    /// The row group's number.
    public var rowGroup: Int
    /// Rows counted from the start of the row group; ascending, not overlapping.
    public var rows: [Range<Int>]

    /// Selects rows.
    public init(rowGroup: Int, rows: [Range<Int>]) {
        self.rowGroup = rowGroup
        self.rows = rows
    }
}

extension ByteRangeReader {
    /// The bytes of one range.
    ///
    /// - Throws: ``ParquetError`` with code `malformed` when the source returns fewer or more, and what the source
    ///   throws.
    func read(range: Range<Int>) async throws -> [UInt8] {
        if range.isEmpty { return [] }
        let parts = try await read([range])
        guard parts.count == 1, parts[0].count == range.count else {
            throw ParquetError(
                .malformed,
                "bytes \(range) were asked for, \(parts.reduce(0) { $0 + $1.count }) came: was the file cut short?",
                offset: range.lowerBound
            )
        }
        return parts[0]
    }
}
