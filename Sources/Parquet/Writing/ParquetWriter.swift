/// Writes a Parquet file as bytes; where they go is the caller's business.
///
/// Row groups are given whole and encoded at once: data pages of version 1 with PLAIN, RLE_DICTIONARY or
/// DELTA_BINARY_PACKED values. The caller takes the bytes as they come up, so that no more than a row group is held:
///
/// ```swift
/// var writer = try ParquetWriter(schema: schema)
/// try writer.writeRowGroup(columns)
/// sink.write(writer.takeOutput())
/// sink.write(try writer.finish())
/// ```
///
/// Memory and compressor states are shared by the writers of a process one after the other, so that small files in a
/// row cost little; a schema and options that stay the same are prepared once as a ``WriterPlan``.
///
/// Source: Apache Parquet format, `README.md` (File format).
public struct ParquetWriter: ~Copyable {
    private let plan: WriterPlan
    private let scratch: WriterScratch
    private var compressor: Compressor
    /// How many bytes were taken.
    private var takenByteCount = 0
    private var rowCountSoFar = 0
    private var rowGroups: [RowGroupMetadata] = []
    /// Of each chunk what is written at the end, in the order of row groups and columns.
    private var chunks: [ChunkWriter.Result] = []

    /// Starts a file by a plan.
    public init(_ plan: WriterPlan) {
        self.plan = plan
        scratch = WriterScratch.take()
        compressor = Compressor(plan.options.compression)
        scratch.output.bytes.append(FileTail.magic)
    }

    /// Starts a file.
    ///
    /// - Throws: As ``WriterPlan/init(schema:options:)``.
    public init(schema: Schema, options: WriterOptions = WriterOptions()) throws(ParquetError) {
        self.init(try WriterPlan(schema: schema, options: options))
    }

    deinit {
        WriterScratch.give(back: scratch)
    }

    /// How many rows were written so far.
    public var rowCount: Int { rowCountSoFar }

    /// How many bytes the file has so far, those taken included, the footer and page indexes to come not.
    public var byteCount: Int { takenByteCount + scratch.output.bytes.count }

    /// Writes a row group: one run of values for each of ``Schema/columns``, all of the same number of rows.
    ///
    /// Everything is checked before a byte is written; after an error the file is as it was before and can go on.
    /// No rows make no row group.
    ///
    /// - Throws: ``ParquetError/Code/invalidArgument`` when values, levels and schema do not fit each other;
    ///   ``ParquetError/Code/limitExceeded`` when a single row makes a page of more than 2 GiB.
    /// - Complexity: O(n) in the bytes of the values; takes memory for the output and two pages.
    public mutating func writeRowGroup(_ columns: [ColumnData]) throws(ParquetError) {
        guard columns.count == plan.columns.count else {
            throw ParquetError(
                .invalidArgument,
                "a row group of \(columns.count) columns does not fit a schema of \(plan.columns.count)"
            )
        }
        var shapes: [ColumnShape] = []
        shapes.reserveCapacity(columns.count)
        for (column, data) in zip(plan.columns, columns) {
            let shape = try column.validate(data)
            if let first = shapes.first, first.rowCount != shape.rowCount {
                throw ParquetError(
                    .invalidArgument,
                    "column \(column.column.name) has \(shape.rowCount) rows, the first column \(first.rowCount)"
                )
            }
            shapes.append(shape)
        }
        guard let rows = shapes.first?.rowCount, rows > 0 else { return }
        let outputMark = scratch.output.bytes.count
        let chunksMark = chunks.count
        do throws(ParquetError) {
            try writeChunks(columns, shapes, rows)
        } catch {
            scratch.output.bytes.truncate(to: outputMark)
            chunks.removeLast(chunks.count - chunksMark)
            throw error
        }
    }

    private mutating func writeChunks(
        _ columns: [ColumnData],
        _ shapes: [ColumnShape],
        _ rows: Int
    ) throws(ParquetError) {
        var metadata: [ColumnChunkMetadata] = []
        metadata.reserveCapacity(columns.count)
        var uncompressed = 0
        var compressed = 0
        for index in columns.indices {
            var writer = ChunkWriter(
                plan: plan.columns[index],
                data: columns[index],
                shape: shapes[index],
                scratch: scratch,
                outputOffset: takenByteCount
            )
            let chunk = try writer.write(&compressor)
            uncompressed += chunk.metadata.uncompressedByteCount
            compressed += chunk.metadata.compressedByteCount
            metadata.append(chunk.metadata)
            chunks.append(chunk)
        }
        rowGroups.append(
            RowGroupMetadata(
                columns: metadata,
                uncompressedByteCount: uncompressed,
                rowCount: rows,
                sortingColumns: plan.options.sortingColumns,
                compressedByteCount: compressed
            )
        )
        rowCountSoFar += rows
    }

    /// Adds a row group that was encoded apart, and returns the bytes that come up: ``EncodedRowGroup/bytes`` behind
    /// what was not taken yet.
    ///
    /// - Parameter group: Encoded by the plan of this file.
    /// - Returns: What to write next, in pieces that are not copied.
    /// - Throws: ``ParquetError/Code/invalidArgument`` when the group was encoded by another schema or codec.
    public mutating func append(_ group: EncodedRowGroup) throws(ParquetError) -> [[UInt8]] {
        guard group.plan.schema == plan.schema, group.plan.options.compression == plan.options.compression else {
            throw ParquetError(.invalidArgument, "the row group was encoded by another plan than the file's")
        }
        let before = takeOutput()
        let distance = takenByteCount
        rowGroups.append(group.metadata.moved(by: distance))
        for chunk in group.chunks { chunks.append(chunk.moved(by: distance)) }
        rowCountSoFar += group.rowCount
        takenByteCount += group.bytes.count
        return before.isEmpty ? [group.bytes] : [before, group.bytes]
    }

    /// The only row group of the file with offsets from its first byte; `nil` when there is none.
    consuming func encodedRowGroup() -> EncodedRowGroup? {
        guard let only = rowGroups.first else { return nil }
        let start = FileTail.magic.count
        return EncodedRowGroup(
            bytes: scratch.output.bytes.copy(from: start),
            metadata: only.moved(by: -start),
            chunks: chunks.map { $0.moved(by: -start) },
            plan: plan
        )
    }

    /// The bytes that came up since the last call, which are not kept.
    public mutating func takeOutput() -> [UInt8] {
        takenByteCount += scratch.output.bytes.count
        let taken = scratch.output.bytes.copy()
        scratch.output.bytes.removeAll()
        return taken
    }

    /// Ends the file with Bloom filters, page indexes and footer, and returns all bytes not yet taken.
    public consuming func finish(keyValueMetadata: [KeyValue] = []) -> [UInt8] {
        writeBloomFilters()
        writePageIndexes()
        let start = scratch.output.bytes.count
        scratch.output.bytes.append(plan.footerStart)
        let metadata = FileMetadata(
            schema: plan.schema,
            rowCount: rowCountSoFar,
            rowGroups: rowGroups,
            keyValueMetadata: keyValueMetadata,
            createdBy: plan.options.createdBy,
            columnOrders: plan.columnOrders
        )
        metadata.encodeRest(to: &scratch.output)
        let length = UInt32(truncatingIfNeeded: scratch.output.bytes.count - start)
        scratch.output.bytes.append(length)
        scratch.output.bytes.append(FileTail.magic)
        return takeOutput()
    }

    private mutating func writeBloomFilters() {
        let columnCount = plan.columns.count
        for (index, chunk) in chunks.enumerated() {
            guard let filter = chunk.bloomFilter else { continue }
            let start = scratch.output.bytes.count
            BloomFilterHeader(byteCount: filter.byteCount).write(to: &scratch.output)
            scratch.output.bytes.append(filter.bits)
            let group = index / columnCount
            rowGroups[group].columns[index % columnCount].bloomFilterOffset = takenByteCount + start
            rowGroups[group].columns[index % columnCount].bloomFilterByteCount = scratch.output.bytes.count - start
        }
    }

    /// All column indexes, then all offset indexes, as readers like to fetch them.
    private mutating func writePageIndexes() {
        let columnCount = plan.columns.count
        for group in rowGroups.indices {
            let range = group * columnCount..<(group + 1) * columnCount
            guard chunks[range].contains(where: { $0.pages.count >= plan.options.pageIndexMinimumPages }) else {
                continue
            }
            for (column, chunk) in chunks[range].enumerated() {
                guard let index = PageIndexBuilder.columnIndex(chunk.pages, plan.columns[column]) else { continue }
                let start = scratch.output.bytes.count
                index.write(to: &scratch.output)
                rowGroups[group].columns[column].columnIndex = extent(from: start)
            }
            for (column, chunk) in chunks[range].enumerated() {
                let start = scratch.output.bytes.count
                PageIndexBuilder.offsetIndex(chunk.pages, plan.columns[column]).write(to: &scratch.output)
                rowGroups[group].columns[column].offsetIndex = extent(from: start)
                if plan.columns[column].column.type == .byteArray {
                    rowGroups[group].columns[column].unencodedByteArrayByteCount =
                        chunk.pages.reduce(0) { $0 + $1.payloadBytes }
                }
            }
        }
    }

    private func extent(from start: Int) -> ColumnChunkMetadata.Extent {
        ColumnChunkMetadata.Extent(offset: takenByteCount + start, byteCount: scratch.output.bytes.count - start)
    }
}
