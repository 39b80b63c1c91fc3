import Testing

@testable import Parquet

/// Skipping by statistics, page index and Bloom filter: no row that meets the condition is lost.
@Suite struct FilterTests {
    private static let schema = Schema([
        .leaf("time", .int64), .leaf("size", .int32, .integer(bits: 32, signed: false), .optional),
        .leaf("ratio", .double, nil, .optional), .leaf("key", .byteArray, .string, .optional),
    ])
    private static let time = 0
    private static let size = 1
    private static let ratio = 2
    private static let key = 3

    /// Three row groups of 500 rows in pages of 50; times ascend, keys are drawn from 40.
    private static func rows(_ random: inout SplitMix) -> [[RecordValue]] {
        (0..<1500)
            .map { row in
                [
                    .int64(Int64(row * 10)),
                    random.oneIn(5) ? .null : .int32(.random(in: .min ... .max, using: &random)),
                    random.oneIn(5)
                        ? .null : .double([0, -0.0, .nan, .infinity, Double(row)].randomElement(using: &random) ?? 0),
                    row / 100 % 3 == 1
                        ? .null : .string("key-\(Int.random(in: 0..<40, using: &random) + row / 500 * 1000)"),
                ]
            }
    }

    private static func file(_ rows: [[RecordValue]]) throws -> [UInt8] {
        var options = WriterOptions(pageRowCount: 50, pageIndexMinimumPages: 1)
        options.columns["key"] = ColumnOptions(bloomFilter: .init())
        var writer = try ParquetWriter(schema: schema, options: options)
        for start in stride(from: 0, to: rows.count, by: 500) {
            var shredder = try RecordShredder(schema)
            for row in rows[start..<(start + 500)] { try shredder.append(.structure(row)) }
            try writer.writeRowGroup(shredder.finish())
        }
        return writer.finish()
    }

    /// Whether a row meets a condition.
    private func meets(_ row: [RecordValue], _ filter: Filter) -> Bool {
        switch filter {
        case .all(let filters): filters.allSatisfy { meets(row, $0) }
        case .any(let filters): filters.contains { meets(row, $0) }
        case .isNull(let column): row[column].isNull
        case .isNotNull(let column): !row[column].isNull
        case .between(let column, let lower, let upper):
            switch row[column] {
            case .int64(let value):
                within(value, lower, upper) { if case .int64(let value) = $0 { value } else { nil } }
            case .int32(let value):
                within(UInt32(bitPattern: value), lower, upper) {
                    if case .int32(let value) = $0 { UInt32(bitPattern: value) } else { nil }
                }
            case .double(let value):
                within(value, lower, upper) { if case .double(let value) = $0 { value } else { nil } }
            case .bytes(let value):
                within(String(decoding: value, as: UTF8.self), lower, upper) { $0?.text }
            default: false
            }
        }
    }

    private func within<Value: Comparable>(
        _ value: Value,
        _ lower: RecordValue?,
        _ upper: RecordValue?,
        _ unwrap: (RecordValue?) -> Value?
    ) -> Bool {
        (unwrap(lower).map { value >= $0 } ?? true) && (unwrap(upper).map { value <= $0 } ?? true)
            && value == value
    }

    private func filter(depth: Int, _ random: inout SplitMix) -> Filter {
        let column = Int.random(in: 0..<4, using: &random)
        func value() -> RecordValue? {
            if random.oneIn(5) { return nil }
            switch column {
            case Self.time: return .int64(.random(in: -10...16000, using: &random))
            case Self.size: return .int32(.random(in: .min ... .max, using: &random))
            case Self.ratio: return .double(.random(in: -10...1600, using: &random))
            default: return .string("key-\(Int.random(in: 0..<2500, using: &random))")
            }
        }
        switch Int.random(in: 0..<(depth == 0 ? 5 : 7), using: &random) {
        case 0: return .isNull(column: column)
        case 1: return .isNotNull(column: column)
        case 2:
            let some = value()
            return .between(column: column, some, some)
        case 5: return .all((0..<2).map { _ in filter(depth: depth - 1, &random) })
        case 6: return .any((0..<2).map { _ in filter(depth: depth - 1, &random) })
        default: return .between(column: column, value(), value())
        }
    }

    @Test("no row that meets a condition is skipped")
    func noMatchIsSkipped() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        let rows = Self.rows(&random)
        let reader = try await FileReader.open(MemoryByteRangeReader(try Self.file(rows)), tailByteCount: 8)
        var skipped = 0
        for _ in 0..<300 {
            let filter = filter(depth: 2, &random)
            var selected = Set<Int>()
            for selection in try await reader.rows(mayMatch: filter) {
                for range in selection.rows { selected.formUnion(range.map { $0 + selection.rowGroup * 500 }) }
            }
            let lost = rows.indices.first { meets(rows[$0], filter) && !selected.contains($0) }
            #expect(lost == nil, "row \(lost ?? 0) is lost by \(filter), seed \(seed)")
            skipped += rows.count - selected.count
        }
        #expect(skipped > 30 * rows.count, "seed \(seed)")
    }

    @Test("a range of the sorted column reads its pages only")
    func rangeReadsItsPages() async throws {
        var random = SplitMix(seed: 1)
        let rows = Self.rows(&random)
        let source = CountingReader(try Self.file(rows))
        let reader = try await FileReader.open(source, tailByteCount: 8)
        let filter = Filter.between(column: Self.time, .int64(6000), .int64(6490))
        #expect(try await reader.rows(mayMatch: filter) == [RowSelection(rowGroup: 1, rows: [100..<150])])
        var times: [Int64] = []
        for try await batch in try await reader.batches(columns: [Self.time], mayMatch: filter) {
            if case .int64(let values) = batch.columns[0].values { times += values }
        }
        #expect(times == (600..<650).map { Int64($0 * 10) })
    }

    @Test("a Bloom filter rules out keys between the bounds")
    func bloomFilterRulesOut() async throws {
        var random = SplitMix(seed: 2)
        let rows = Self.rows(&random)
        let reader = try await FileReader.open(MemoryByteRangeReader(try Self.file(rows)), tailByteCount: 8)
        for number in 0..<40 where rows[..<500].contains(where: { $0[Self.key] == .string("key-\(number)") }) {
            #expect(try await reader.mayContain(.string("key-\(number)"), rowGroup: 0, column: Self.key))
        }
        var passed = 0
        for number in 0..<200
        where try await reader.mayContain(.string("key-1\(number)x"), rowGroup: 0, column: Self.key) {
            passed += 1
        }
        #expect(passed < 20)
        #expect(try await reader.bloomFilter(rowGroup: 0, column: Self.time) == nil)
    }

    @Test("a condition on a column that is not there, or with a value of another type, is refused")
    func wrongConditionIsRefused() async throws {
        var random = SplitMix(seed: 3)
        let file = try ParquetFile(bytes: Self.file(Self.rows(&random)))
        for filter in [Filter.isNull(column: 4), .equals(column: Self.time, .int32(1)), .equals(column: -1, .null)] {
            #expect(throws: ParquetError(.invalidArgument, "")) { try file.rows(rowGroup: 0, mayMatch: filter) }
        }
    }

    @Test("sets of rows are cut and joined", arguments: 0..<50)
    func rowSets(seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        func ranges() -> [Range<Int>] {
            (0..<Int.random(in: 0...6, using: &random))
                .map { _ in
                    let start = Int.random(in: 0..<50, using: &random)
                    return start..<(start + Int.random(in: 0..<9, using: &random))
                }
        }
        func members(_ ranges: [Range<Int>]) -> Set<Int> { ranges.reduce(into: []) { $0.formUnion($1) } }
        let (left, right) = (ranges(), ranges())
        let union = RowRanges.union(left)
        #expect(members(union) == members(left))
        #expect(zip(union, union.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
        let common = RowRanges.intersection(union, RowRanges.union(right))
        #expect(members(common) == members(left).intersection(members(right)))
    }
}
