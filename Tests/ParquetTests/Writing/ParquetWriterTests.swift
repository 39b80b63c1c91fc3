import Foundation
import Testing

@testable import Parquet

@Suite("Parquet writer")
struct ParquetWriterTests {
    private static let schema = Schema([
        .leaf("id", .int64), .leaf("text", .byteArray, .string, .optional),
        .list("list", of: .leaf("element", .int32), .optional),
    ])

    private static func text(_ values: String?...) -> ColumnData {
        var bytes = ByteArrays()
        for value in values { if let value { bytes.append(value.utf8) } else { bytes.appendNull() } }
        return ColumnData(nullable: bytes)
    }

    private static let good: [ColumnData] = [
        ColumnData(.int64([1, 2])), text("a", nil),
        ColumnData(.int32([5, 6]), definitionLevels: [2, 2, 1], repetitionLevels: [0, 1, 0]),
    ]

    /// A row group that must be refused, made of the good one.
    private static let bad: [(String, [ColumnData])] = {
        var cases: [(String, [ColumnData])] = [("a column too few", Array(good.dropLast()))]
        func add(_ name: String, _ column: Int, _ data: ColumnData) {
            var columns = good
            columns[column] = data
            cases.append((name, columns))
        }
        let bytes: [UInt8] = [65, 66]
        func view(_ buffer: UInt32, _ offset: UInt32, _ length: UInt32) -> ColumnData {
            let views = [
                ByteView(buffer: 0, offset: 0, length: 1), ByteView(buffer: buffer, offset: offset, length: length),
            ]
            return ColumnData(.bytes(ByteArrays(buffers: [bytes], views: views)))
        }
        add("another type", 0, ColumnData(.int32([1, 2])))
        add("a row too many", 0, ColumnData(.int64([1, 2, 3])))
        add("a level too many for a required column", 0, ColumnData(.int64([1]), definitionLevels: [0, 1]))
        add("fewer values than levels promise", 1, ColumnData(.bytes(ByteArrays()), definitionLevels: [1, 0]))
        add("a definition level above the maximum", 1, ColumnData(.bytes(ByteArrays()), definitionLevels: [0, 2]))
        add("a null view among the values", 1, ColumnData(.bytes(ByteArrays(buffers: [], views: [.null, .null]))))
        add("a view into a missing buffer", 1, view(1, 0, 1))
        add("a view beyond its buffer", 1, view(0, 1, 2))
        add("a view that starts beyond its buffer", 1, view(0, .max, 1))
        add(
            "a first repetition level that is not 0",
            2,
            ColumnData(.int32([5, 6]), definitionLevels: [2, 2], repetitionLevels: [1, 0])
        )
        add(
            "a repetition level above the maximum",
            2,
            ColumnData(.int32([5, 6]), definitionLevels: [2, 2], repetitionLevels: [0, 2])
        )
        add(
            "repetition levels of another count",
            2,
            ColumnData(.int32([5, 6]), definitionLevels: [2, 2], repetitionLevels: [0])
        )
        return cases
    }()

    @Test("data that does not fit is refused, and the file goes on as if nothing had happened", arguments: bad.indices)
    func unfitData(number: Int) throws {
        let (name, columns) = Self.bad[number]
        var writer = try ParquetWriter(schema: Self.schema)
        var reference = try ParquetWriter(schema: Self.schema)
        try writer.writeRowGroup(Self.good)
        do {
            try writer.writeRowGroup(columns)
            Issue.record("\(name) was accepted")
        } catch {
            #expect(error.code == .invalidArgument, "\(name): \(error)")
        }
        try writer.writeRowGroup(Self.good)
        try reference.writeRowGroup(Self.good)
        try reference.writeRowGroup(Self.good)
        let found = writer.finish()
        let expected = reference.finish()
        #expect(found == expected, "\(name)")
    }

    @Test("options that do not fit the schema are refused")
    func unfitOptions() {
        let float = Schema([.leaf("f", .float), .leaf("b", .boolean)])
        let bad: [(Schema, WriterOptions)] = [
            (Schema([]), WriterOptions()), (float, WriterOptions(columns: ["g": ColumnOptions()])),
            (float, WriterOptions(columns: ["f": ColumnOptions(encoding: .deltaBinaryPacked)])),
            (float, WriterOptions(columns: ["b": ColumnOptions(bloomFilter: .init())])),
            (float, WriterOptions(columns: ["f": ColumnOptions(bloomFilter: .init(falsePositiveRate: 0))])),
            (float, WriterOptions(pageByteCount: 0)), (float, WriterOptions(pageRowCount: -1)),
            (float, WriterOptions(pageIndexMinimumPages: 0)),
            (float, WriterOptions(sortingColumns: [SortingColumn(column: 2)])),
            (Schema([.leaf("x", .fixedLengthByteArray(0))]), WriterOptions()),
        ]
        for (schema, options) in bad {
            #expect(throws: ParquetError(.invalidArgument, "")) { try WriterPlan(schema: schema, options: options) }
        }
        #expect(throws: ParquetError(.unsupported, "")) { try WriterPlan(schema: Schema([.leaf("t", .int96)])) }
    }

    @Test("taking bytes as they come up gives the same file as taking them at the end")
    func takenInPieces() throws {
        var whole = try ParquetWriter(schema: Self.schema)
        var pieces = try ParquetWriter(schema: Self.schema)
        var bytes = pieces.takeOutput()
        for _ in 0..<5 {
            try whole.writeRowGroup(Self.good)
            try pieces.writeRowGroup(Self.good)
            bytes += pieces.takeOutput()
            #expect(pieces.byteCount == bytes.count)
        }
        #expect(pieces.rowCount == 10)
        bytes += pieces.finish()
        let expected = whole.finish()
        #expect(expected == bytes)
        #expect(try ParquetFile(bytes: bytes).metadata.rowGroups.count == 5)
    }

    @Test("writers at once and one after the other do not disturb each other")
    func manyWriters() async throws {
        let plan = try WriterPlan(schema: Self.schema)
        let expected = try Self.write(plan, groups: 3)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<50 where try Self.write(plan, groups: 3) != expected { return false }
                    return true
                }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }

    private static func write(_ plan: WriterPlan, groups: Int) throws -> [UInt8] {
        var writer = ParquetWriter(plan)
        for _ in 0..<groups { try writer.writeRowGroup(good) }
        // One that is given up on the way.
        var other = ParquetWriter(plan)
        try other.writeRowGroup(good)
        return writer.finish()
    }

    @Test("no rows make no row group")
    func noRows() throws {
        var writer = try ParquetWriter(schema: Schema([.leaf("a", .int32)]))
        try writer.writeRowGroup([ColumnData(.int32([]))])
        let bytes = writer.finish()
        #expect(try ParquetFile(bytes: bytes).metadata.rowGroups.isEmpty)
    }

    @Test("a file of one event stays small")
    func oneEvent() throws {
        let names = ["event_id", "key", "source", "sequence", "data", "data_bytes", "batch_id"]
        let schema = Schema(
            [.leaf("timestamp", .int64, .timestamp(.microseconds, utc: true)), .leaf("op", .int32)]
                + names.map { .leaf($0, .byteArray, .string, .optional) }
        )
        var id = ByteArrays()
        id.append(UUID().uuidString.utf8)
        let none = ColumnData.nulls(count: 1, of: .byteArray)
        var writer = try ParquetWriter(schema: schema)
        try writer.writeRowGroup([
            ColumnData(.int64([1])), ColumnData(.int32([0])), ColumnData(.bytes(id)), none, none, none, none, none,
            ColumnData(.bytes(id)),
        ])
        let bytes = writer.finish()
        #expect(bytes.count < 1500)
    }
}
