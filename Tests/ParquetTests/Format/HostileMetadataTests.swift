import Testing

@testable import Parquet

/// Bytes that mean ill end in an error, never in a trap or in memory without bound.
@Suite("Hostile metadata")
struct HostileMetadataTests {
    static let seed = UInt64.random(in: 0..<1_000_000)

    private static let footer: [UInt8] = {
        var chunk = ColumnChunkMetadata()
        chunk.encodings = [.plain, .rle]
        chunk.dataPageOffset = 4
        chunk.keyValueMetadata = [KeyValue("a", "b")]
        chunk.statistics = Statistics()
        chunk.statistics?.minimum = [1, 2]
        chunk.encodingCounts = [.init(pageType: 0, encoding: .plain, pageCount: 3)]
        var other = chunk
        other.typeNumber = 6
        chunk.typeNumber = 2
        let schema = Schema([
            .leaf("number", .int64, .decimal(precision: 10, scale: 2)),
            .list("texts", of: .leaf("t", .byteArray, .string)),
        ])
        return FileMetadata(
            schema: schema,
            rowCount: 7,
            rowGroups: [RowGroupMetadata(columns: [chunk, other], uncompressedByteCount: 9, rowCount: 7)],
            keyValueMetadata: [KeyValue("k", nil)],
            createdBy: "test",
            columnOrders: [.typeDefined, .ieee754Total]
        )
        .encode()
    }()

    @Test("a footer cut anywhere is malformed, with an offset inside of it")
    func cutFooters() throws {
        _ = try FileMetadata.parse(Self.footer, fileOffset: 0)
        for length in 0..<Self.footer.count {
            do {
                _ = try FileMetadata.parse(Array(Self.footer[..<length]), fileOffset: 1000)
                Issue.record("\(length) bytes were accepted")
            } catch {
                #expect(error.code == .malformed)
                #expect((1000...1000 + length).contains(try #require(error.offset)))
            }
        }
    }

    @Test("damaged footers and indexes are read or refused, but end")
    func damagedFooters() {
        var random = SeededGenerator(seed: Self.seed)
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = Self.footer
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do { _ = try FileMetadata.parse(bytes, fileOffset: 0) } catch { refused += 1 }
            do { _ = try ColumnIndex.parse(bytes, fileOffset: 0) } catch { refused += 1 }
            do { _ = try OffsetIndex.parse(bytes, fileOffset: 0) } catch { refused += 1 }
            do { _ = try PageHeader.parse(bytes, fileOffset: 0) } catch { refused += 1 }
        }
        #expect(refused > 1000, "seed \(Self.seed)")
    }

    /// Bytes and a part of the message they must end in.
    static let lies: [(bytes: [UInt8], message: String)] = [
        // Field 4 is a list of structures of 2³¹ elements.
        ([0x49, 0xfc, 0x80, 0x80, 0x80, 0x80, 0x08], "claims"),
        // Field 5 of 6: a string of 2³⁴ bytes.
        ([0x68, 0x80, 0x80, 0x80, 0x80, 0x40], "claims"),
        // An unknown field of lists in lists without end.
        ([0xf9] + [UInt8](repeating: 0x19, count: 100_000), "nests deeper"),
        // A number of more than 64 bits.
        ([0x15] + [UInt8](repeating: 0xff, count: 20), "64 bits"),
        // The version as a string.
        ([0x18, 0x01, 0x41, 0x00], "should be"),
        // The schema's root claims 100 children that never come.
        ([0x29, 0x1c, 0x48, 0x01, 0x41, 0x15, 0xc8, 0x01, 0x00, 0x00], "children"),
        // A field number beyond 16 bits.
        ([0x05, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x00], "out of range"),
    ]

    @Test("lies about sizes and types are named", arguments: lies.indices)
    func namedLies(number: Int) {
        let error = #expect(throws: ParquetError.self) {
            try FileMetadata.parse(Self.lies[number].bytes, fileOffset: 0)
        }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains(Self.lies[number].message) == true, "\(error?.message ?? "")")
    }

    @Test("a tail that is no Parquet, encrypted or too long is named")
    func tails() {
        let tail = { (length: UInt8, magic: String) in [length, 0, 0, 0] + Array(magic.utf8) }
        #expect(throws: ParquetError(.malformed, "")) { try FileTail.parse(tail(1, "PAR2"), fileByteCount: 100) }
        #expect(throws: ParquetError(.unsupported, "")) { try FileTail.parse(tail(1, "PARE"), fileByteCount: 100) }
        #expect(throws: ParquetError(.malformed, "")) { try FileTail.parse(tail(89, "PAR1"), fileByteCount: 100) }
        #expect(throws: ParquetError(.malformed, "")) { try FileTail.parse([], fileByteCount: 0) }
        #expect(throws: Never.self) { try FileTail.parse(tail(88, "PAR1"), fileByteCount: 100) }
    }

    @Test("what is written of each logical type is read back")
    func logicalTypes() throws {
        let types: [LogicalType] = [
            .string, .enum, .decimal(precision: 38, scale: 7), .date, .time(.milliseconds, utc: true),
            .time(.nanoseconds, utc: false), .timestamp(.microseconds, utc: true), .timestamp(.nanoseconds, utc: true),
            .timestamp(.milliseconds, utc: false), .integer(bits: 8, signed: true), .integer(bits: 64, signed: false),
            .null, .json, .bson, .uuid, .float16,
        ]
        let schema = Schema(
            types.map { .leaf("\($0)", .fixedLengthByteArray(2), $0, .optional, id: 7) }
                + [.map("m", key: .leaf("k", .int32), value: .list("v", of: .leaf("e", .int96)), .optional)]
        )
        let metadata = FileMetadata(schema: schema, rowCount: 0, rowGroups: [])
        #expect(try FileMetadata.parse(metadata.encode(), fileOffset: 0) == metadata)
    }
}
