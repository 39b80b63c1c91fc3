import BenchmarkEvents
import Parquet

/// A file with the columns and settings of a journal's segment.
struct SampleFile {
    let bytes: [UInt8]
    let payloadBytes: Int
    /// The same payloads as zstd alone compresses them.
    let compressed: ZstandardFrames
    private let plan: WriterPlan
    private let columns: [ColumnData]
    private static let payloadColumn = 3

    init(rows: Int) throws {
        var events = SampleEvents()
        let batch = events.batch(rows)
        payloadBytes = batch.payloads.payloadBytes
        let batchID = Array("01a1fc48-d648-731b-ae94-0b2764d2e053".utf8)
        let batchView = ByteView(buffer: 0, offset: 0, length: UInt32(batchID.count))
        columns = [
            ColumnData(.bytes(batch.ids)),
            ColumnData(.int64(batch.timestamps)),
            ColumnData(nullable: batch.keys ?? ByteArrays()),
            ColumnData(nullable: batch.payloads),
            .nulls(count: rows, of: .byteArray),
            ColumnData(.bytes(ByteArrays(buffers: [batchID], views: Array(repeating: batchView, count: rows)))),
        ]
        let schema = Schema([
            .leaf("event_id", .byteArray, .string),
            .leaf("timestamp", .int64, .timestamp(.microseconds, utc: true)),
            .leaf("key", .byteArray, .string, .optional),
            .leaf("data", .byteArray, .string, .optional),
            .leaf("data_bytes", .byteArray, nil, .optional),
            .leaf("batch_id", .byteArray, .string),
        ])
        let options = WriterOptions(
            compression: .zstd(level: 1),
            columns: [
                "event_id": ColumnOptions(encoding: .plain, bloomFilter: .init(minimumRowCount: 64)),
                "timestamp": ColumnOptions(encoding: .deltaBinaryPacked),
                "data": ColumnOptions(encoding: .plain, statistics: false),
            ]
        )
        plan = try WriterPlan(schema: schema, options: options)
        bytes = try SampleFile.encode(columns, plan)
        compressed = try ZstandardFrames(batch.payloads, frameBytes: options.pageByteCount)
    }

    func encode() throws -> [UInt8] { try SampleFile.encode(columns, plan) }

    private static func encode(_ columns: [ColumnData], _ plan: WriterPlan) throws -> [UInt8] {
        var writer = ParquetWriter(plan)
        try writer.writeRowGroup(columns)
        return writer.finish()
    }

    /// Decodes the file and returns how many bytes of payload there are.
    func decode(columns: [Int]? = nil) throws -> Int {
        let file = try ParquetFile(bytes: bytes)
        var payloads = 0
        for group in file.metadata.rowGroups.indices {
            var decoder = try file.decoder(try file.plan(rowGroup: group, columns: columns))
            while let batch = try decoder.next() {
                guard columns == nil, case .bytes(let values) = batch.columns[Self.payloadColumn].values else {
                    continue
                }
                payloads += values.payloadBytes
            }
        }
        return payloads
    }
}
