/// A Parquet file whose footer has been read.
///
/// Nothing here does input or output: ``plan(rowGroup:columns:rows:offsetIndexes:coalescingGap:)`` says which bytes are
/// needed and ``decoder(_:bytes:)`` decodes them, however they were fetched. A file given as a whole needs no
/// fetching: ``decoder(_:)``. ``FileReader`` puts a ``ByteRangeReader`` beneath.
///
/// Source: Apache Parquet format, `README.md`, "File format".
public struct ParquetFile: Sendable {
    /// What the footer says.
    public let metadata: FileMetadata
    /// The columns and how they nest.
    public var schema: Schema { metadata.schema }
    /// Length of the file in bytes.
    public let byteCount: Int
    /// What the file may make the reader allocate.
    public let limits: ReadLimits
    /// Whether pages with a checksum are checked against it, at about 20 GB/s; the default is `true`.
    public var verifiesChecksums = true

    /// The file, if it was given as a whole.
    let inMemory: [UInt8]?
    /// Where the footer begins; pages must end before it.
    let footerOffset: Int
    /// For each column the name of the feature that keeps it from being read.
    private let obstacles: [String?]
    private let hasShortChunks: Bool

    private init(metadata: FileMetadata, bytes: [UInt8]?, byteCount: Int, footerOffset: Int, limits: ReadLimits) {
        self.metadata = metadata
        inMemory = bytes
        self.byteCount = byteCount
        self.footerOffset = footerOffset
        self.limits = limits
        hasShortChunks = Self.hasShortChunks(metadata.createdBy)
        obstacles = UnsupportedFeatures.names(in: metadata.schema)
    }

    /// Whether the file was given as a whole, so that ``decoder(_:)`` works.
    public var isInMemory: Bool { inMemory != nil }

    // MARK: Opening

    /// Opens a file that is in memory.
    ///
    /// - Throws: ``ParquetError`` with code `malformed`, `unsupported` (an encrypted footer) or `limitExceeded`.
    /// - Complexity: O(length of the footer).
    public init(bytes: [UInt8], limits: ReadLimits = .defaults) throws(ParquetError) {
        switch try Self.open(tail: bytes, fileByteCount: bytes.count, limits: limits) {
        case .opened(let file): self = file
        case .needsTail(let count):
            throw ParquetError(.malformed, "a footer of \(count) bytes in a file of \(bytes.count)")
        }
    }

    /// A file in memory whose metadata is known from elsewhere: bytes without a footer, as a row group that was fetched
    /// alone.
    ///
    /// - Parameters:
    ///   - metadata: Where the pages are, counted from the first of `bytes`, and their compression. Statistics and
    ///     indexes may be absent.
    ///   - bytes: The pages.
    ///   - limits: What the pages may make the reader allocate.
    public init(metadata: FileMetadata, bytes: [UInt8], limits: ReadLimits = .defaults) {
        self.init(
            metadata: metadata,
            bytes: bytes,
            byteCount: bytes.count,
            footerOffset: bytes.count,
            limits: limits
        )
    }

    /// What came of opening a file by its last bytes.
    public enum Opening: Sendable {
        /// The footer was in the bytes given.
        case opened(ParquetFile)
        /// The footer is longer: try again with so many bytes from the end of the file.
        case needsTail(Int)
    }

    /// Opens a file by its last bytes, which hold the footer if they are enough.
    ///
    /// Where `tail` is the whole file, it is kept, and reading needs no more bytes.
    ///
    /// - Parameters:
    ///   - tail: The last bytes of the file, at least 8 (or all of a shorter one).
    ///   - fileByteCount: Length of the file in bytes.
    ///   - limits: What the file may make the reader allocate.
    /// - Returns: The file, or how many bytes of its end are needed.
    /// - Throws: ``ParquetError`` as ``init(bytes:limits:)`` does.
    public static func open(
        tail: [UInt8],
        fileByteCount: Int,
        limits: ReadLimits = .defaults
    ) throws(ParquetError) -> Opening {
        guard tail.count <= fileByteCount else {
            throw ParquetError(.invalidArgument, "\(tail.count) bytes from the end of a file of \(fileByteCount)")
        }
        let end = try FileTail.parse(Array(tail.suffix(FileTail.byteCount)), fileByteCount: fileByteCount)
        guard end.metadataByteCount <= limits.maximumFooterBytes else {
            throw ParquetError(
                .limitExceeded,
                "a footer of \(end.metadataByteCount) bytes, more than the \(limits.maximumFooterBytes) allowed",
                offset: end.metadataOffset
            )
        }
        let needed = fileByteCount - end.metadataOffset
        guard needed <= tail.count else { return .needsTail(needed) }
        let footer = Array(tail[(tail.count - needed)..<(tail.count - FileTail.byteCount)])
        let metadata = try FileMetadata.parse(footer, fileOffset: end.metadataOffset)
        for column in metadata.schema.columns where column.maximumDefinitionLevel > 255 {
            throw ParquetError(.unsupported, "column \(column.name) nests deeper than 255 levels")
        }
        var rows = 0
        for group in metadata.rowGroups {
            let (sum, overflow) = rows.addingReportingOverflow(group.rowCount)
            guard !overflow, group.rowCount >= 0 else {
                throw ParquetError(.malformed, "the row groups have more rows than can be counted")
            }
            rows = sum
        }
        return .opened(
            ParquetFile(
                metadata: metadata,
                bytes: tail.count == fileByteCount ? tail : nil,
                byteCount: fileByteCount,
                footerOffset: end.metadataOffset,
                limits: limits
            )
        )
    }

    // MARK: Planning

    /// Says which bytes are needed to read rows of a row group.
    ///
    /// - Parameters:
    ///   - rowGroup: The number of the row group.
    ///   - columns: The numbers of the leaves to read; `nil` means all. A number may stand twice.
    ///   - rows: Rows counted from the start of the row group; `nil` means all.
    ///   - offsetIndexes: Offset indexes by number of the leaf, as far as they are known (``FileReader`` loads them);
    ///     of columns that have one, only the pages with the rows asked for are read.
    ///   - coalescingGap: Parts of the file no further apart than this, in bytes, are fetched as one.
    /// - Returns: The plan, to be given to ``decoder(_:bytes:)``.
    /// - Throws: ``ParquetError`` with code `invalidArgument` for a row group, column or row that is not there,
    ///   `unsupported` for a column with a feature this module does not have, and `malformed` for pages outside the
    ///   file.
    public func plan(
        rowGroup: Int,
        columns: [Int]? = nil,
        rows: Range<Int>? = nil,
        offsetIndexes: [Int: OffsetIndex] = [:],
        coalescingGap: Int = 64 << 10
    ) throws(ParquetError) -> ReadPlan {
        let group = try self.rowGroup(rowGroup)
        let columns = columns ?? Array(schema.columns.indices)
        let rows = rows ?? 0..<group.rowCount
        guard rows.lowerBound >= 0, rows.upperBound <= group.rowCount else {
            throw ParquetError(.invalidArgument, "rows \(rows) of a row group that has \(group.rowCount)")
        }
        var chunks: [ReadPlan.Chunk] = []
        for column in columns {
            let chunk = try readableChunk(group, column)
            guard !rows.isEmpty else {
                chunks.append(ReadPlan.Chunk(pieces: [], isWhole: false))
                continue
            }
            if let index = offsetIndexes[column], rows.count < group.rowCount {
                chunks.append(try located(chunk, index, rows, group.rowCount, schema.columns[column]))
            } else {
                let whole = ReadPlan.Piece(bytes: try extent(of: chunk, schema.columns[column]), rows: nil)
                chunks.append(ReadPlan.Chunk(pieces: [whole], isWhole: true))
            }
        }
        return ReadPlan(
            rowGroup: rowGroup,
            columns: columns,
            rows: rows,
            chunks: chunks,
            coalescingGap: coalescingGap
        )
    }

    /// The row group with a number.
    func rowGroup(_ number: Int) throws(ParquetError) -> RowGroupMetadata {
        guard metadata.rowGroups.indices ~= number else {
            throw ParquetError(.invalidArgument, "row group \(number) of a file that has \(metadata.rowGroups.count)")
        }
        return metadata.rowGroups[number]
    }

    /// The chunk of a column, if this module can read it.
    private func readableChunk(_ group: RowGroupMetadata, _ column: Int) throws(ParquetError) -> ColumnChunkMetadata {
        guard schema.columns.indices ~= column else {
            throw ParquetError(.invalidArgument, "column \(column) of a file that has \(schema.columns.count)")
        }
        let chunk = group.columns[column]
        func refuse(_ feature: String) -> ParquetError {
            ParquetError(.unsupported, "column \(schema.columns[column].name): \(feature) not supported")
        }
        if chunk.isEncrypted { throw refuse("encryption is") }
        if chunk.filePath != nil { throw refuse("column chunks in another file are") }
        if let obstacle = obstacles[column] { throw refuse("\(obstacle) is") }
        guard PageDecoder.codecs.contains(chunk.codec) else { throw refuse("compression with \(chunk.codec) is") }
        return chunk
    }

    /// Where the chunk stands, inside the file before its footer.
    private func extent(of chunk: ColumnChunkMetadata, _ column: Column) throws(ParquetError) -> Range<Int> {
        let start = chunk.pages.offset
        let (end, overflow) = start.addingReportingOverflow(chunk.pages.byteCount)
        guard !overflow, start >= 0, chunk.pages.byteCount >= 0, end <= footerOffset else {
            throw ParquetError(.malformed, "its \(chunk.pages.byteCount) bytes reach over the end of the file")
                .adding(column: column, offset: start)
        }
        guard hasShortChunks else { return start..<end }
        return start..<min(end + 100, footerOffset)
    }

    /// Whether the lengths of column chunks leave out the header of the dictionary page, at most 100 bytes.
    ///
    /// parquet-mr did so up to version 1.2.8 (PARQUET-816, IMPALA-694); before 1.2 it did not give its version.
    private static func hasShortChunks(_ writer: String?) -> Bool {
        guard let writer, writer.hasPrefix("parquet-mr") else { return false }
        let words = writer.split(separator: " ")
        guard let at = words.firstIndex(of: "version"), at + 1 < words.count else { return true }
        let numbers = words[at + 1].split(whereSeparator: { $0 == "." || $0 == "-" || $0 == "r" }).map { Int($0) ?? 0 }
        return Array(numbers.prefix(3)).lexicographicallyPrecedes([1, 2, 9])
    }

    /// The pages of a chunk that hold some rows, and its dictionary page.
    private func located(
        _ chunk: ColumnChunkMetadata,
        _ index: OffsetIndex,
        _ rows: Range<Int>,
        _ rowCount: Int,
        _ column: Column
    ) throws(ParquetError) -> ReadPlan.Chunk {
        let whole = try extent(of: chunk, column)
        var pieces: [ReadPlan.Piece] = []
        if let first = index.pages.first {
            guard whole ~= first.offset, first.firstRow == 0 else {
                throw ParquetError(.malformed, "its offset index begins outside of it")
                    .adding(
                        column: column,
                        offset: whole.lowerBound
                    )
            }
            if first.offset > whole.lowerBound {
                pieces.append(ReadPlan.Piece(bytes: whole.lowerBound..<first.offset, rows: nil))
            }
        }
        for (number, page) in index.pages.enumerated() {
            let end = number + 1 < index.pages.count ? index.pages[number + 1].firstRow : rowCount
            guard page.firstRow <= end, page.offset >= whole.lowerBound, page.offset <= whole.upperBound,
                page.compressedByteCount >= 0, page.compressedByteCount <= whole.upperBound - page.offset
            else {
                throw ParquetError(.malformed, "page \(number) of its offset index is outside of it")
                    .adding(
                        column: column,
                        offset: page.offset
                    )
            }
            guard page.firstRow < rows.upperBound, end > rows.lowerBound else { continue }
            pieces.append(
                ReadPlan.Piece(
                    bytes: page.offset..<(page.offset + page.compressedByteCount),
                    rows: page.firstRow..<end
                )
            )
        }
        return ReadPlan.Chunk(pieces: pieces, isWhole: false)
    }

    // MARK: Decoding

    /// Decodes a plan from a file that was given as a whole.
    ///
    /// - Throws: ``ParquetError`` with code `invalidArgument` when only the footer was given.
    public func decoder(_ plan: ReadPlan) throws(ParquetError) -> RowGroupDecoder {
        guard let bytes = inMemory else {
            throw ParquetError(.invalidArgument, "the file was opened by its footer: hand in the bytes of the plan")
        }
        return try decoder(plan) { piece throws(ParquetError) in
            ColumnChunkReader.Segment(buffer: bytes, range: piece.bytes, bufferOffset: 0, rows: piece.rows)
        }
    }

    /// Decodes a plan from its bytes.
    ///
    /// - Parameters:
    ///   - plan: Made by this file.
    ///   - bytes: The contents of ``ReadPlan/ranges``, one array for each.
    /// - Returns: A decoder at the first row of the plan.
    /// - Throws: ``ParquetError`` with code `invalidArgument` when `bytes` is not of the lengths that the plan asks
    ///   for.
    public func decoder(_ plan: ReadPlan, bytes: [[UInt8]]) throws(ParquetError) -> RowGroupDecoder {
        guard bytes.count == plan.ranges.count, zip(bytes, plan.ranges).allSatisfy({ $0.count == $1.count }) else {
            throw ParquetError(
                .invalidArgument,
                "\(bytes.count) parts of \(bytes.map(\.count)) bytes for a plan that needs \(plan.ranges)"
            )
        }
        return try decoder(plan) { piece throws(ParquetError) in
            guard let part = plan.ranges.firstIndex(where: { $0.upperBound >= piece.bytes.upperBound }) else {
                return ColumnChunkReader.Segment(buffer: [], range: 0..<0, bufferOffset: 0, rows: piece.rows)
            }
            let start = plan.ranges[part].lowerBound
            return ColumnChunkReader.Segment(
                buffer: bytes[part],
                range: (piece.bytes.lowerBound - start)..<(piece.bytes.upperBound - start),
                bufferOffset: start,
                rows: piece.rows
            )
        }
    }

    private func decoder(
        _ plan: ReadPlan,
        segment: (ReadPlan.Piece) throws(ParquetError) -> ColumnChunkReader.Segment
    ) throws(ParquetError) -> RowGroupDecoder {
        let group = try rowGroup(plan.rowGroup)
        var readers: [ColumnChunkReader] = []
        readers.reserveCapacity(plan.columns.count)
        for (column, chunk) in zip(plan.columns, plan.chunks) {
            let metadata = try readableChunk(group, column)
            var segments: [ColumnChunkReader.Segment] = []
            for piece in chunk.pieces where !piece.bytes.isEmpty { segments.append(try segment(piece)) }
            readers.append(
                ColumnChunkReader(
                    decoder: PageDecoder(
                        column: schema.columns[column],
                        codec: metadata.codec,
                        limits: limits,
                        verifiesChecksums: verifiesChecksums
                    ),
                    segments: segments,
                    slotCount: metadata.valueCount,
                    isWhole: chunk.isWhole
                )
            )
        }
        return RowGroupDecoder(
            rowGroup: plan.rowGroup,
            columns: readers,
            rows: plan.rows,
            groupRowCount: group.rowCount
        )
    }
}
