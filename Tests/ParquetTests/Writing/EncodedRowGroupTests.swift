import Parquet
import Testing

@Suite("Row groups encoded apart")
struct EncodedRowGroupTests {
    private static let schema = Schema([.leaf("id", .int64), .leaf("text", .byteArray, .string, .optional)])

    private static func columns(_ number: Int) -> [ColumnData] {
        var bytes = ByteArrays()
        for row in 0..<200 {
            if row % 3 == 0 { bytes.appendNull() } else { bytes.append("text \(row % 5) \(number)".utf8) }
        }
        return [ColumnData(.int64((0..<200).map { Int64($0 * number) })), ColumnData(nullable: bytes)]
    }

    private static let options = WriterOptions(
        pageByteCount: 300,
        defaults: ColumnOptions(bloomFilter: .init())
    )

    @Test("make the very file that row groups written one after the other make")
    func sameBytes() throws {
        let plan = try WriterPlan(schema: Self.schema, options: Self.options)
        var straight = ParquetWriter(plan)
        var apart = ParquetWriter(plan)
        var bytes: [UInt8] = []
        for number in 1...4 {
            try straight.writeRowGroup(Self.columns(number))
            // Both ways may take turns in one file.
            if number == 3 {
                try apart.writeRowGroup(Self.columns(number))
            } else {
                bytes += try apart.append(EncodedRowGroup(Self.columns(number), plan)).joined()
            }
        }
        bytes += apart.finish()
        let expected = straight.finish()
        #expect(bytes == expected)
    }

    @Test("are refused by a file of another schema or codec, and without rows")
    func refused() throws {
        let group = try EncodedRowGroup(Self.columns(1), WriterPlan(schema: Self.schema, options: Self.options))
        var other = try ParquetWriter(schema: Schema([.leaf("id", .int64)]))
        #expect(throws: ParquetError.self) { _ = try other.append(group) }
        var plain = try ParquetWriter(schema: Self.schema, options: WriterOptions(compression: .uncompressed))
        #expect(throws: ParquetError.self) { _ = try plain.append(group) }
        #expect(throws: ParquetError.self) {
            let none = [ColumnData(.int64([])), ColumnData(nullable: ByteArrays())]
            _ = try EncodedRowGroup(none, WriterPlan(schema: Self.schema))
        }
    }
}
