/// A row group encoded apart from its file, so that several threads can each encode one.
///
/// ```swift
/// let groups = await encodeSideBySide { try EncodedRowGroup(columns, plan) }
/// for group in groups { sink.write(writer.append(group)) }
/// ```
public struct EncodedRowGroup: Sendable {
    /// The pages of all chunks, one after the other.
    public let bytes: [UInt8]
    /// What the footer will say, with offsets that count from the first byte of the group.
    public let metadata: RowGroupMetadata
    /// Of each chunk what is written at the end of the file, with offsets likewise.
    let chunks: [ChunkWriter.Result]
    /// The layout it was encoded by, to be that of its file.
    let plan: WriterPlan

    /// Encodes a row group: one run of values for each of ``Schema/columns``, all of the same number of rows.
    ///
    /// - Throws: As ``ParquetWriter/writeRowGroup(_:)``, and ``ParquetError/Code/invalidArgument`` when there is no
    ///   row.
    /// - Complexity: O(n) in the bytes of the values; takes memory for the output and two pages.
    public init(_ columns: [ColumnData], _ plan: WriterPlan) throws(ParquetError) {
        var writer = ParquetWriter(plan)
        try writer.writeRowGroup(columns)
        guard let group = writer.encodedRowGroup() else {
            throw ParquetError(.invalidArgument, "a row group without rows cannot be encoded")
        }
        self = group
    }

    init(bytes: [UInt8], metadata: RowGroupMetadata, chunks: [ChunkWriter.Result], plan: WriterPlan) {
        self.bytes = bytes
        self.metadata = metadata
        self.chunks = chunks
        self.plan = plan
    }

    /// How many rows it has.
    public var rowCount: Int { metadata.rowCount }
}

extension ColumnChunkMetadata {
    /// The same chunk so many bytes further on.
    func moved(by distance: Int) -> ColumnChunkMetadata {
        var moved = self
        moved.dataPageOffset += distance
        moved.dictionaryPageOffset = dictionaryPageOffset.map { $0 + distance }
        return moved
    }
}

extension RowGroupMetadata {
    /// The same group so many bytes further on.
    func moved(by distance: Int) -> RowGroupMetadata {
        var moved = self
        moved.columns = columns.map { $0.moved(by: distance) }
        return moved
    }
}

extension ChunkWriter.Result {
    /// The same chunk so many bytes further on.
    func moved(by distance: Int) -> ChunkWriter.Result {
        var moved = self
        moved.metadata = metadata.moved(by: distance)
        for page in moved.pages.indices { moved.pages[page].location.offset += distance }
        return moved
    }
}
