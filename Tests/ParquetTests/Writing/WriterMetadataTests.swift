import Foundation
import Testing

@testable import Parquet

/// What a written file says of itself, as we and pyarrow read it.
@Suite("Writer metadata")
struct WriterMetadataTests {
    private static func strings(_ name: String, _ values: [String?]) -> (Schema, [RecordValue]) {
        let schema = Schema([.leaf(name, .byteArray, .string, .optional)])
        return (schema, values.map { .structure([$0.map(RecordValue.string) ?? .null]) })
    }

    @Test("bounds and null counts are exact where values are short, and pyarrow reads them")
    func shortBounds() throws {
        let schema = Schema([
            .leaf("text", .byteArray, .string, .optional), .leaf("signed", .int32), .leaf("flag", .boolean),
            .leaf("unsigned", .int64, .integer(bits: 64, signed: false)), .leaf("real", .double, nil, .optional),
            .leaf("money", .fixedLengthByteArray(3), .decimal(precision: 6, scale: 2)), .leaf("zero", .float),
            .leaf("nothing", .int64, nil, .optional),
        ])
        let rows: [[RecordValue]] = [
            [
                .string("b"), .int32(-5), .boolean(true), .int64(-1), .double(.nan), .bytes([0xff, 0xff, 0xfe]),
                .float(0),
            ],
            [.null, .int32(7), .boolean(true), .int64(1), .double(2.5), .bytes([0, 1, 0]), .float(-0.0)],
            [.string("abc"), .int32(0), .boolean(true), .int64(2), .double(-1), .bytes([0, 0, 1]), .float(0)],
            [.string("ab"), .int32(0), .boolean(true), .int64(2), .null, .bytes([0, 0, 1]), .float(0)],
        ]
        let file = try WrittenFile(schema, rows.map { .structure($0 + [.null]) })
        defer { file.delete() }
        let facts = try file.inspected()
        let expected = [
            "0 text minimum": "'ab'", "0 text maximum": "'b'", "0 text nulls": "1", "0 signed minimum": "-5",
            "0 signed maximum": "7", "0 signed nulls": "0", "0 flag minimum": "True", "0 flag maximum": "True",
            "0 unsigned minimum": "1", "0 unsigned maximum": "18446744073709551615", "0 real minimum": "-1.0",
            "0 real maximum": "2.5", "0 real nulls": "1", "0 money minimum": "Decimal('-0.02')",
            "0 money maximum": "Decimal('2.56')", "0 zero minimum": "-0.0", "0 zero maximum": "0.0",
            "0 nothing nulls": "4",
        ]
        for (name, value) in expected.sorted(by: { $0.key < $1.key }) { #expect(facts[name] == value, "\(name)") }
        #expect(facts["0 nothing minimum"] == nil)
        let text = try #require(try file.metadata.rowGroups[0].columns[0].statistics)
        #expect(text.isMinimumExact == true && text.isMaximumExact == true)
    }

    @Test("long bounds are cut to whole characters, raised where they are upper, and marked inexact")
    func longBounds() throws {
        let long = String(repeating: "a", count: 63)
        let (schema, records) = Self.strings("text", [long + "éz", long + "é", String(repeating: "é", count: 40)])
        let file = try WrittenFile(schema, records)
        defer { file.delete() }
        let statistics = try #require(try file.metadata.rowGroups[0].columns[0].statistics)
        // The 64th byte would split a character.
        #expect(statistics.minimum == Array(long.utf8))
        #expect(statistics.isMinimumExact == false && statistics.isMaximumExact == false)
        #expect(statistics.maximum == Array((String(repeating: "é", count: 31) + "ê").utf8))
        #expect(try file.inspected()["0 text minimum"] == "'\(long)'")
    }

    @Test("an upper bound that has no successor is left out")
    func noSuccessor() throws {
        let schema = Schema([.leaf("blob", .byteArray)])
        let file = try WrittenFile(schema, [.structure([.bytes([UInt8](repeating: 0xff, count: 70))])])
        defer { file.delete() }
        let statistics = try #require(try file.metadata.rowGroups[0].columns[0].statistics)
        #expect(statistics.maximum == nil && statistics.isMaximumExact == nil)
        #expect(statistics.minimum == [UInt8](repeating: 0xff, count: 64))
    }

    @Test("no statistics where they are switched off")
    func statisticsOff() throws {
        let (schema, records) = Self.strings("text", ["a", "b"])
        let file = try WrittenFile(
            schema,
            records,
            options: WriterOptions(columns: ["text": ColumnOptions(statistics: false)])
        )
        defer { file.delete() }
        #expect(try file.metadata.rowGroups[0].columns[0].statistics == nil)
        #expect(try file.inspected()["0 text statistics"] == "None")
    }

    @Test("pairs, sorting and the writer's name are there for pyarrow")
    func pairsAndSorting() throws {
        let (schema, records) = Self.strings("text", ["a", "b", "c"])
        let file = try WrittenFile(
            schema,
            records,
            rowsPerGroup: 2,
            options: WriterOptions(sortingColumns: [SortingColumn(column: 0, descending: true, nullsFirst: true)]),
            keyValueMetadata: [KeyValue("position", "4711"), KeyValue("empty", "")]
        )
        defer { file.delete() }
        let facts = try file.inspected()
        #expect(facts["rows"] == "3")
        #expect(facts["created by"] == "highwater version 0.1.0")
        #expect(facts["pair position"] == "4711")
        #expect(facts["0 sorting"] == "0 True True" && facts["1 sorting"] == "0 True True")
        #expect(facts["0 rows"] == "2" && facts["1 rows"] == "1")
        #expect(try file.metadata.keyValueMetadata == [KeyValue("position", "4711"), KeyValue("empty", "")])
    }

    @Test(
        "the encoding follows the values",
        arguments: [
            ("repeated", "RLE_DICTIONARY"), ("unique", "PLAIN"), ("few", "PLAIN"), ("rising", "DELTA_BINARY_PACKED"),
            ("scattered", "PLAIN"), ("limited", "PLAIN"), ("off", "PLAIN"), ("constant", "RLE_DICTIONARY"),
        ]
    )
    func chosenEncoding(name: String, encoding: String) throws {
        var random = SeededGenerator(seed: 7)
        let values: [RecordValue] = (0..<(name == "few" ? 20 : 2000))
            .map { row in
                switch name {
                case "rising": .int64(Int64(row * 1000))
                case "scattered": .int64(Int64(bitPattern: random.next()))
                case "unique": .string("value \(row)")
                case "constant": .string("always the same")
                default: .string("value \(row % 100)")
                }
            }
        let isNumber = ["rising", "scattered"].contains(name)
        let schema = Schema([isNumber ? .leaf("c", .int64) : .leaf("c", .byteArray, .string)])
        let options = ColumnOptions(dictionary: name != "off", dictionaryByteLimit: name == "limited" ? 500 : 1 << 20)
        let file = try WrittenFile(schema, values.map { .structure([$0]) }, options: WriterOptions(defaults: options))
        defer { file.delete() }
        let facts = try file.inspected()
        let encodings = try #require(facts["0 c encodings"]).split(separator: ",").map(String.init)
        #expect(encodings.contains(encoding))
        #expect(facts["0 c dictionary"] == (encoding == "RLE_DICTIONARY" ? "True" : "False"))
    }

    @Test("a chunk that does not shrink is stored as it is")
    func incompressible() throws {
        var random = SeededGenerator(seed: 1)
        let schema = Schema([.leaf("noise", .fixedLengthByteArray(100)), .leaf("zeros", .fixedLengthByteArray(100))])
        let zeros = RecordValue.bytes([UInt8](repeating: 0, count: 100))
        let file = try WrittenFile(schema, (0..<30).map { _ in .structure([.bytes(random.bytes(100)), zeros]) })
        defer { file.delete() }
        let columns = try file.metadata.rowGroups[0].columns
        #expect(columns[0].codec == .uncompressed)
        #expect(columns[1].codec == .zstd)
    }

    @Test("a flipped bit in any page is found by its checksum")
    func flippedBits() throws {
        let (schema, records) = Self.strings("text", (0..<500).map { "value \($0 % 50)" })
        let options = WriterOptions(pageRowCount: 100)
        let file = try WrittenFile(schema, records, options: options)
        defer { file.delete() }
        let chunk = try file.metadata.rowGroups[0].columns[0]
        var offset = chunk.pages.offset
        var pages = 0
        while offset < chunk.pages.offset + chunk.pages.byteCount {
            let (header, size) = try PageHeader.parse(file.bytes, at: offset, fileOffset: 0)
            #expect(header.crc != nil)
            var damaged = file.bytes
            damaged[offset + size + header.compressedByteCount / 2] ^= 0x10
            let other = try WrittenFile(damaged)
            defer { other.delete() }
            #expect(try PythonPeer.run("inspect_file.py", ["--verify", other.path]).contains("CRC checksum"))
            offset += size + header.compressedByteCount
            pages += 1
        }
        // A dictionary and five data pages.
        #expect(pages == 6)
    }
}
