import Foundation
import Parquet
import Testing

/// Values, nulls and nesting survive the way through pyarrow, DuckDB, Polars and our own reader.
@Suite("Peers read what we write", .serialized)
struct PeersReadWhatWeWriteTests {
    static let seed = UInt64.random(in: 0..<1_000_000)

    // MARK: Flat columns

    /// A column of each kind, each once required and once optional.
    static let flat: Schema = {
        let kinds: [(String, PhysicalType, LogicalType?)] = [
            ("bool", .boolean, nil), ("i32", .int32, nil), ("i64", .int64, nil),
            ("i8", .int32, .integer(bits: 8, signed: true)), ("u32", .int32, .integer(bits: 32, signed: false)),
            ("u64", .int64, .integer(bits: 64, signed: false)), ("date", .int32, .date),
            ("time", .int64, .timestamp(.microseconds, utc: true)),
            ("local", .int64, .timestamp(.nanoseconds, utc: false)),
            ("small", .int32, .decimal(precision: 9, scale: 2)), ("medium", .int64, .decimal(precision: 18, scale: 0)),
            ("large", .fixedLengthByteArray(16), .decimal(precision: 38, scale: 10)), ("f32", .float, nil),
            ("f64", .double, nil), ("text", .byteArray, .string), ("word", .byteArray, .string),
            ("blob", .byteArray, nil), ("fixed", .fixedLengthByteArray(5), nil),
        ]
        return Schema(
            kinds.map { .leaf($0.0, $0.1, $0.2) } + kinds.map { .leaf("\($0.0)_null", $0.1, $0.2, .optional) }
        )
    }()

    static func flatRecords(_ count: Int, _ random: inout SeededGenerator) -> [RecordValue] {
        (0..<count)
            .map { row in
                .structure(
                    flat.fields.map { field in
                        guard case .leaf(let type, let logical) = field.kind else { return .null }
                        // Whole stretches of nulls make null pages.
                        let isNull =
                            field.repetition == .optional
                            && (row % 1500 < 700 || Int.random(in: 0..<3, using: &random) == 0)
                        return isNull ? .null : value(type, logical, field.name, &random)
                    }
                )
            }
    }

    private static func value(
        _ type: PhysicalType,
        _ logical: LogicalType?,
        _ name: String,
        _ random: inout SeededGenerator
    ) -> RecordValue {
        switch (type, logical) {
        case (.boolean, _): return .boolean(Bool.random(using: &random))
        case (.int32, .date): return .int32(Int32.random(in: -20000...20000, using: &random))
        case (.int32, .integer(bits: 8, _)): return .int32(Int32.random(in: -128...127, using: &random))
        case (.int32, .decimal): return .int32(Int32.random(in: -999_999_999...999_999_999, using: &random))
        case (.int32, _): return .int32(Int32.random(in: .min ... .max, using: &random))
        case (.int64, .decimal):
            return .int64(Int64.random(in: -999_999_999_999_999_999...999_999_999_999_999_999, using: &random))
        case (.int64, .timestamp(.microseconds, _)):
            return .int64(Int64.random(in: -1_000_000_000_000_000...4_000_000_000_000_000, using: &random))
        case (.int64, .timestamp): return .int64(Int64.random(in: 0...4_000_000_000_000_000_000, using: &random))
        case (.int64, _): return .int64(Int64.random(in: .min ... .max, using: &random))
        case (.float, _): return .float(Float.random(in: -1e30...1e30, using: &random))
        case (.double, _): return .double(Double.random(in: -1e300...1e300, using: &random))
        case (.fixedLengthByteArray(16), _):
            // A decimal of 38 digits needs 127 bits; 120 stay below.
            let sign = UInt8(Bool.random(using: &random) ? 0xff : 0)
            return .bytes([sign] + random.bytes(15))
        case (.fixedLengthByteArray(let length), _): return .bytes(random.bytes(length))
        case (_, .string) where name.hasPrefix("word"):
            return .string("wørd \(Int.random(in: 0..<20, using: &random))")
        case (_, .string): return .string(String(repeating: "é", count: Int.random(in: 0..<40, using: &random)))
        default: return .bytes(random.bytes(Int.random(in: 0..<50, using: &random)))
        }
    }

    static let layouts: [(String, WriterOptions)] = [
        ("defaults", WriterOptions()),
        ("small pages", WriterOptions(compression: .snappy, pageByteCount: 4000, pageRowCount: 500)),
        ("gzip, no dictionary", WriterOptions(compression: .gzip(), defaults: ColumnOptions(dictionary: false))),
        (
            "uncompressed, plain",
            WriterOptions(
                compression: .uncompressed,
                pageRowCount: 333,
                pageChecksums: false,
                defaults: ColumnOptions(encoding: .plain, statistics: false)
            )
        ),
    ]

    @Test("flat columns of every type, with and without nulls", arguments: layouts.indices)
    func flatColumns(layout: Int) throws {
        var random = SeededGenerator(seed: Self.seed)
        let (name, options) = Self.layouts[layout]
        let records = Self.flatRecords(3000, &random)
        let file = try WrittenFile(Self.flat, records, rowsPerGroup: 1700, options: options)
        defer { file.delete() }
        try verify(file, Self.flat, records, "\(name), seed \(Self.seed)")
    }

    // MARK: Nested columns

    static let nested = Schema([
        .leaf("id", .int64),
        .list("numbers", of: .leaf("element", .int32, nil, .optional), .optional),
        .map(
            "attributes",
            key: .leaf("key", .byteArray, .string),
            value: .leaf("value", .int64, nil, .optional),
            .optional
        ),
        .group(
            "person",
            [
                .leaf("name", .byteArray, .string, .optional),
                .group(
                    "address",
                    [.leaf("city", .byteArray, .string), .leaf("zip", .int32, nil, .optional)],
                    .optional
                ),
                .list("tags", of: .leaf("element", .byteArray, .string)),
            ],
            .optional
        ),
        .list("matrix", of: .list("element", of: .leaf("element", .double), .optional), .optional),
    ])

    static func nestedRecord(_ row: Int, _ random: inout SeededGenerator) -> RecordValue {
        func maybe(_ random: inout SeededGenerator, _ make: (inout SeededGenerator) -> RecordValue) -> RecordValue {
            Int.random(in: 0..<4, using: &random) == 0 ? .null : make(&random)
        }
        func some(_ random: inout SeededGenerator, _ make: (inout SeededGenerator) -> RecordValue) -> [RecordValue] {
            (0..<Int.random(in: 0..<6, using: &random)).map { _ in make(&random) }
        }
        let numbers = maybe(&random) {
            .list(some(&$0) { maybe(&$0) { .int32(Int32.random(in: 0..<1000, using: &$0)) } })
        }
        let attributes = maybe(&random) { random in
            .map(
                (0..<Int.random(in: 0..<4, using: &random))
                    .map { key in
                        .init(
                            .string("key \(key)"),
                            maybe(&random) { .int64(Int64.random(in: .min ... .max, using: &$0)) }
                        )
                    }
            )
        }
        let person = maybe(&random) { random in
            .structure([
                maybe(&random) { .string("name \(Int.random(in: 0..<5, using: &$0))") },
                maybe(&random) { random in
                    .structure([.string("city"), maybe(&random) { .int32(Int32.random(in: 0..<99999, using: &$0)) }])
                },
                .list(some(&random) { .string("tag \(Int.random(in: 0..<9, using: &$0))") }),
            ])
        }
        let matrix = maybe(&random) {
            .list(some(&$0) { maybe(&$0) { .list(some(&$0) { .double(Double.random(in: 0..<1, using: &$0)) }) } })
        }
        return .structure([.int64(Int64(row)), numbers, attributes, person, matrix])
    }

    @Test("lists, maps and structs, empty and null at every level", arguments: [Int.max, 100])
    func nestedColumns(rowsPerPage: Int) throws {
        var random = SeededGenerator(seed: Self.seed)
        let records = (0..<2000).map { Self.nestedRecord($0, &random) }
        let options = WriterOptions(pageRowCount: rowsPerPage)
        let file = try WrittenFile(Self.nested, records, rowsPerGroup: 900, options: options)
        defer { file.delete() }
        try verify(file, Self.nested, records, "pages of \(rowsPerPage), seed \(Self.seed)")
    }

    // MARK: Edges

    @Test("a file without rows has its columns")
    func noRows() throws {
        let file = try WrittenFile(Self.flat, [])
        defer { file.delete() }
        #expect(try file.metadata.rowGroups.isEmpty)
        for peer in Peer.allCases { #expect(try file.rows(peer).isEmpty) }
        #expect(try file.inspected()["rows"] == "0")
    }

    @Test("one row, and columns of nulls only", arguments: [1, 2, 9, 40])
    func fewRows(count: Int) throws {
        let schema = Schema([
            .leaf("id", .byteArray, .string), .leaf("none", .byteArray, .string, .optional),
            .leaf("never", .int64, nil, .optional), .leaf("empty", .byteArray),
        ])
        let records = (0..<count).map { RecordValue.structure([.string("id \($0)"), .null, .null, .bytes([])]) }
        let file = try WrittenFile(schema, records)
        defer { file.delete() }
        try verify(file, schema, records, "\(count) rows")
    }

    @Test("integers at the ends of their range come back from packed differences")
    func extremeDifferences() throws {
        let schema = Schema([.leaf("a", .int64), .leaf("b", .int32)])
        let wide: [Int64] = [.min, .max, 0, -1, 1, .max, .min, .min, .max - 1, 1 << 40, -(1 << 40)]
        let narrow: [Int32] = [.max, .min, .min, 0, -1, .max, 1, 1 << 20, -(1 << 20), .min + 1, 7]
        let counts = [1, 2, 31, 32, 33, 128, 129, 130, 161, 257, 1000]
        let options = WriterOptions(
            defaults: ColumnOptions(encoding: .deltaBinaryPacked)
        )
        var random = SeededGenerator(seed: Self.seed)
        for count in counts {
            // Also differences of every width, since each packs otherwise.
            let records = (0..<count)
                .map { row in
                    let width = UInt64(row % 64)
                    let value = row % 3 == 0 ? wide[row % wide.count] : Int64(bitPattern: random.next() >> width)
                    return RecordValue.structure([.int64(value), .int32(narrow[row % narrow.count])])
                }
            let file = try WrittenFile(schema, records, options: options)
            defer { file.delete() }
            #expect(try file.metadata.rowGroups[0].columns[0].encodings.contains(.deltaBinaryPacked))
            try verify(file, schema, records, "\(count) values, seed \(Self.seed)")
        }
    }

    @Test("special floating-point values keep their bits")
    func floatingPoint() throws {
        let schema = Schema([.leaf("f", .float), .leaf("d", .double)])
        let values: [Double] = [
            0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .nan, 1,
        ]
        let records = values.map { RecordValue.structure([.float(Float($0)), .double($0)]) }
        let file = try WrittenFile(schema, records)
        defer { file.delete() }
        try verify(file, schema, records, "floating point")
    }

    /// Our own reader and all peers give the records that were written.
    private func verify(_ file: WrittenFile, _ schema: Schema, _ records: [RecordValue], _ what: String) throws {
        let text = RecordText(schema: schema, shapes: RecordAssembler(schema).shapes)
        let expected = records.map(text.line)
        try compare(lines(of: ParquetFile(bytes: file.bytes)), expected, "ours: \(what)")
        for peer in Peer.allCases { try compare(file.rows(peer), expected, "\(peer): \(what)") }
        #expect(try PythonPeer.run("inspect_file.py", ["--verify", file.path]) == "ok\n", "\(what)")
    }
}
