import Foundation
import Testing

@testable import Parquet

@Suite("Bloom filter")
struct BloomFilterTests {
    @Test(
        "xxHash64 gives the values of other implementations",
        arguments: [
            ("", 0xEF46_DB37_51D8_E999 as UInt64), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
            ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
        ]
    )
    func knownHashes(text: String, hash: UInt64) { #expect(BloomFilter.hash(Array(text.utf8)) == hash) }

    @Test("numbers hash like their little-endian bytes")
    func numberHashes() {
        #expect(
            BloomFilter.hash(Int64(0x0807_0605_0403_0201)) == BloomFilter.hash([1, 2, 3, 4, 5, 6, 7, 8] as [UInt8])
        )
        #expect(BloomFilter.hash(Int32(0x0403_0201)) == BloomFilter.hash([1, 2, 3, 4] as [UInt8]))
        #expect(BloomFilter.hash(Float(1)) == BloomFilter.hash([0, 0, 0x80, 0x3f] as [UInt8]))
        #expect(BloomFilter.hash(Double(1)) == BloomFilter.hash([0, 0, 0, 0, 0, 0, 0xf0, 0x3f] as [UInt8]))
    }

    @Test("a filter of another writer holds what that writer put in", .enabled(if: ConformanceFiles.areHere))
    func filterOfAnotherWriter() throws {
        let bytes = try ConformanceFiles.bytes("data/bloom_filter.xxhash.bin")
        let (header, size) = try BloomFilterHeader.parse(bytes, fileOffset: 0)
        let filter = try BloomFilter(bits: bytes[size..<size + header.byteCount])
        // The values are those of the C++ implementation's test, `bloom_filter_reader_writer_test`.
        for value in ["hello", "parquet", "bloom", "filter"] {
            #expect(filter.mightContain(hash: BloomFilter.hash(Array(value.utf8))), "\(value)")
        }
        #expect(!filter.mightContain(hash: BloomFilter.hash(Array("absent".utf8))))
    }

    @Test("a filter with another hash is refused by name", .enabled(if: ConformanceFiles.areHere))
    func otherHash() throws {
        let bytes = try ConformanceFiles.bytes("data/bloom_filter.bin")
        let error = #expect(throws: ParquetError.self) { try BloomFilterHeader.parse(bytes, fileOffset: 0) }
        #expect(error?.code == .unsupported || error?.code == .malformed)
    }

    @Test("everything put in is found, and mistakes are as rare as promised", arguments: [0.1, 0.01, 0.001])
    func mistakesAreRare(rate: Double) {
        var random = SeededGenerator(seed: 11)
        var filter = BloomFilter(distinctCount: 10_000, falsePositiveRate: rate)
        let hashes = (0..<10_000).map { _ in random.next() }
        for hash in hashes { filter.insert(hash: hash) }
        #expect(hashes.allSatisfy { filter.mightContain(hash: $0) })
        let mistakes = (0..<200_000).count { _ in filter.mightContain(hash: random.next()) }
        #expect(Double(mistakes) / 200_000 < rate * 1.1)
        #expect(filter.byteCount.nonzeroBitCount == 1)
    }

    @Test("each row group's filter holds its values and DuckDB skips by it", arguments: ["plain", "dictionary"])
    func filtersInFiles(kind: String) throws {
        let schema = Schema([.leaf("id", .byteArray, .string), .leaf("n", .int64, nil, .optional)])
        let distinct = kind == "plain" ? 1000 : 50
        let records = (0..<2000)
            .map { row in
                RecordValue.structure([
                    .string("id \(row / 1000) \(row % distinct)"), row % 3 == 0 ? .null : .int64(Int64(row % distinct)),
                ])
            }
        let settings = ColumnOptions(bloomFilter: .init(falsePositiveRate: 0.001))
        let options = WriterOptions(columns: ["id": settings, "n": settings])
        let file = try WrittenFile(schema, records, rowsPerGroup: 1000, options: options)
        defer { file.delete() }
        for (group, rows) in try file.metadata.rowGroups.enumerated() {
            for (column, chunk) in rows.columns.enumerated() {
                let offset = try #require(chunk.bloomFilterOffset)
                let (header, size) = try BloomFilterHeader.parse(file.bytes, at: offset, fileOffset: 0)
                #expect(size + header.byteCount == chunk.bloomFilterByteCount)
                let filter = try BloomFilter(bits: file.bytes[offset + size..<offset + size + header.byteCount])
                for value in 0..<distinct {
                    let hash =
                        column == 0
                        ? BloomFilter.hash(Array("id \(group) \(value)".utf8)) : BloomFilter.hash(Int64(value))
                    // In the number column of unique values every third one is null.
                    if column == 0 || kind == "dictionary" || (group * 1000 + value) % 3 != 0 {
                        #expect(filter.mightContain(hash: hash))
                    }
                }
                let strangers = (0..<1000).count { filter.mightContain(hash: BloomFilter.hash(Int64(1 << 40 + $0))) }
                #expect(strangers < 10)
            }
        }
        #expect(try PythonPeer.run("bloom_probe.py", [file.path, "id", "id 1 7"]) == "excluded: True False\n")
        #expect(try PythonPeer.run("bloom_probe.py", [file.path, "id", "id 7 7"]) == "excluded: True True\n")
    }

    @Test("row groups too small for it get none")
    func smallGroups() throws {
        let schema = Schema([.leaf("id", .int32)])
        let options = WriterOptions(defaults: ColumnOptions(bloomFilter: .init(minimumRowCount: 10)))
        let file = try WrittenFile(
            schema,
            (0..<15).map { .structure([.int32($0)]) },
            rowsPerGroup: 10,
            options: options
        )
        defer { file.delete() }
        let offsets = try file.metadata.rowGroups.map { $0.columns[0].bloomFilterOffset != nil }
        #expect(offsets == [true, false])
    }
}
