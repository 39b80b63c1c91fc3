/// The batches of the rows selected from a file, read as they are asked for.
public struct RecordBatches<Source: ByteRangeReader>: AsyncSequence, Sendable {
    /// Rows of one row group.
    public typealias Element = RecordBatch

    let reader: FileReader<Source>
    let columns: [Int]
    let selections: [RowSelection]
    let maximumRows: Int

    /// Begins to read from the first row.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(sequence: self) }

    /// Reads one selected range after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let sequence: RecordBatches
        private var selection = 0
        private var range = 0
        private var decoder: RowGroupDecoder?
        /// The offset indexes of the row group being read.
        private var indexes: [Int: OffsetIndex] = [:]

        init(sequence: RecordBatches) { self.sequence = sequence }

        /// The next batch, or `nil` behind the last.
        ///
        /// - Throws: ``ParquetError``, and what the source throws.
        public mutating func next() async throws -> RecordBatch? {
            while true {
                let maximumRows = sequence.maximumRows
                if let batch = try decoder?.next(maximumRows: maximumRows) { return batch }
                decoder = nil
                guard selection < sequence.selections.count else { return nil }
                let current = sequence.selections[selection]
                guard range < current.rows.count else {
                    selection += 1
                    range = 0
                    continue
                }
                try await begin(current)
                range += 1
            }
        }

        private mutating func begin(_ current: RowSelection) async throws {
            let reader = sequence.reader
            let rows = current.rows[range]
            if range == 0 {
                let isWhole = rows == 0..<(try reader.file.rowGroup(current.rowGroup).rowCount)
                indexes =
                    isWhole || reader.file.isInMemory
                    ? [:] : try await reader.offsetIndexes(rowGroup: current.rowGroup, columns: sequence.columns)
            }
            let plan = try reader.file.plan(
                rowGroup: current.rowGroup,
                columns: sequence.columns,
                rows: rows,
                offsetIndexes: indexes
            )
            decoder = try await reader.decoder(plan)
        }
    }
}
