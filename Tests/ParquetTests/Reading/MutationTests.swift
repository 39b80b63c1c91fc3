import Foundation
import Testing

@testable import Parquet

/// Damaged files end in an error or in some rows, never in a crash.
@Suite struct MutationTests {
    /// A file with most of what a file can have.
    private static func file(_ compression: Compression, dictionary: Bool) throws -> [UInt8] {
        let schema = Schema([
            .leaf("id", .byteArray, .string), .leaf("time", .int64, .timestamp(.microseconds, utc: true)),
            .leaf("flag", .boolean, nil, .optional), .leaf("ratio", .double, nil, .optional),
            .leaf("hash", .fixedLengthByteArray(4)),
            .list("tags", of: .leaf("element", .byteArray, .string, .optional), .optional),
            .map("counts", key: .leaf("key", .byteArray, .string), value: .leaf("value", .int32, nil, .optional)),
        ])
        var shredder = try RecordShredder(schema)
        for row in 0..<60 {
            let tags: [RecordValue] = (0..<(row % 4)).map { $0 == 2 ? .null : .string("tag \($0)") }
            try shredder.append(
                .structure([
                    .string("event-\(row)"), .int64(1_700_000_000_000_000 + Int64(row * row)),
                    row % 3 == 0 ? .null : .boolean(row % 2 == 0), row % 5 == 0 ? .null : .double(Double(row) / 7),
                    .bytes([1, 2, 3, UInt8(row)]), row % 7 == 0 ? .null : .list(tags),
                    .map((0..<(row % 3)).map { RecordValue.Entry(.string("k\($0)"), .int32(Int32(row))) }),
                ])
            )
        }
        var options = WriterOptions(compression: compression, pageRowCount: 16, pageIndexMinimumPages: 1)
        options.pageChecksums = false
        options.defaults = ColumnOptions(dictionary: dictionary)
        options.columns["id"] = ColumnOptions(dictionary: dictionary, bloomFilter: .init())
        var writer = try ParquetWriter(schema: schema, options: options)
        try writer.writeRowGroup(shredder.finish())
        return writer.finish()
    }

    /// Reads everything there is to read; returns how many rows came.
    private func readAll(_ bytes: [UInt8]) async throws -> Int {
        let limits = ReadLimits(maximumFooterBytes: 1 << 20, maximumPageBytes: 1 << 20)
        let reader = try await FileReader.open(MemoryByteRangeReader(bytes), limits: limits)
        let file = reader.file
        let assembler = RecordAssembler(file.schema)
        var rows = 0
        for group in file.metadata.rowGroups.indices.prefix(3) {
            var decoder = try file.decoder(file.plan(rowGroup: group))
            for _ in 0..<20 {
                guard let batch = try decoder.next(maximumRows: 1000) else { break }
                for column in batch.columns {
                    if case .bytes(let values) = column.values { #expect(values.isValid()) }
                }
                rows += try assembler.records(batch).count
            }
            let columns = Array(file.schema.columns.indices.prefix(10))
            let indexes = try await reader.offsetIndexes(rowGroup: group, columns: columns)
            let count = file.metadata.rowGroups[group].rowCount
            let some = count / 2..<min(count, count / 2 + 5)
            let plan = try file.plan(rowGroup: group, columns: columns, rows: some, offsetIndexes: indexes)
            decoder = try await reader.decoder(plan)
            while let batch = try decoder.next() { rows += batch.rowCount }
        }
        if let first = file.schema.columns.first, first.type == .byteArray {
            let filter = Filter.equals(column: 0, .string("event-7"))
            for try await batch in try await reader.batches(mayMatch: filter, maximumRows: 100).prefix(10) {
                rows += batch.rowCount
            }
        }
        return rows
    }

    @Test(
        "a file with bytes flipped, cut, put in or moved is read or refused",
        arguments: [Compression.uncompressed, .zstd(), .snappy],
        [false, true]
    )
    func mutatedFileIsReadOrRefused(_ compression: Compression, dictionary: Bool) async throws {
        let original = try Self.file(compression, dictionary: dictionary)
        #expect(try await readAll(original) > 60)
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        var outcomes = (read: 0, refused: 0)
        for _ in 0..<700 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<6, using: &random) {
                case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes[at] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
                case 2: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 3: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...9, using: &random)))
                case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                default:
                    let from = Int.random(in: 0..<bytes.count, using: &random)
                    let piece = Array(bytes[from..<min(bytes.count, from + 16)])
                    bytes.replaceSubrange(at..<min(bytes.count, at + piece.count), with: piece)
                }
                if bytes.isEmpty { bytes = original }
            }
            do {
                _ = try await readAll(bytes)
                outcomes.read += 1
            } catch let error as ParquetError {
                #expect(!error.message.isEmpty, "seed \(seed)")
                outcomes.refused += 1
            }
        }
        #expect(outcomes.read > 0 && outcomes.refused > 0, "seed \(seed)")
    }

    @Test("a file cut off anywhere is refused")
    func everyPrefixIsRefused() throws {
        let original = try Self.file(.zstd(), dictionary: true)
        for length in 0..<original.count {
            #expect(throws: ParquetError.self) { try ParquetFile(bytes: Array(original[..<length])) }
        }
    }

    @Test("a footer that would take far more memory than its bytes is refused")
    func deepAndWideSchemaIsRefused() throws {
        var fields = (0..<20_000).map { Field.leaf("a\($0)", .boolean) }
        for _ in 0..<90 { fields = [.group("g", fields)] }
        let metadata = FileMetadata(schema: Schema(fields), rowCount: 0, rowGroups: [])
        let footer = metadata.encode()
        let length = (0..<4).map { UInt8(truncatingIfNeeded: footer.count >> (8 * $0)) }
        let bytes = FileTail.magic + footer + length + FileTail.magic
        #expect(throws: ParquetError(.limitExceeded, "")) { try ParquetFile(bytes: bytes) }
        let limits = ReadLimits(maximumFooterBytes: footer.count - 1)
        #expect(throws: ParquetError(.limitExceeded, "")) { try ParquetFile(bytes: bytes, limits: limits) }
    }

    @Test("with checksums, a flipped bit in any page is found")
    func flippedBitInPageIsFound() throws {
        let schema = Schema([.leaf("id", .byteArray, .string), .leaf("n", .int64, nil, .optional)])
        let count = 50
        var ids = ByteArrays()
        for row in 0..<count { ids.append(Array("event \(row)".utf8)) }
        let numbers = ColumnData(.int64((0..<Int64(count)).map { $0 * 3 }))
        var writer = try ParquetWriter(schema: schema)
        try writer.writeRowGroup([ColumnData(.bytes(ids)), numbers])
        let bytes = writer.finish()
        let file = try ParquetFile(bytes: bytes)
        for column in file.metadata.rowGroups[0].columns {
            let (header, length) = try PageHeader.parse(bytes, at: column.dataPageOffset, fileOffset: 0)
            #expect(header.crc != nil)
            let page = column.dataPageOffset + length
            for at in [page, page + header.compressedByteCount / 2, page + header.compressedByteCount - 1] {
                var damaged = bytes
                damaged[at] ^= 0x10
                let error = #expect(throws: ParquetError.self) {
                    let file = try ParquetFile(bytes: damaged)
                    var decoder = try file.decoder(file.plan(rowGroup: 0))
                    while try decoder.next() != nil {}
                }
                #expect(error?.message.contains("checksum") == true)
                #expect(error?.offset == column.dataPageOffset)
            }
        }
    }
}
