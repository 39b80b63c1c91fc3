import Foundation
import Testing

@testable import Parquet

@Suite("Page index")
struct PageIndexTests {
    private static func indexes(
        _ file: WrittenFile,
        group: Int = 0,
        column: Int
    ) throws -> (columns: ColumnIndex?, offsets: OffsetIndex?) {
        let chunk = try file.metadata.rowGroups[group].columns[column]
        func slice(_ extent: ColumnChunkMetadata.Extent) -> [UInt8] {
            Array(file.bytes[extent.offset..<extent.offset + extent.byteCount])
        }
        return (
            try chunk.columnIndex.map { try ColumnIndex.parse(slice($0), fileOffset: $0.offset) },
            try chunk.offsetIndex.map { try OffsetIndex.parse(slice($0), fileOffset: $0.offset) }
        )
    }

    @Test("each page's rows, bounds and nulls are those of its values")
    func pagesAreDescribed() throws {
        let schema = Schema([
            .leaf("rising", .int64), .leaf("falling", .int32), .leaf("mixed", .int32),
            .leaf("text", .byteArray, .string, .optional),
        ])
        let rows = 1050
        // The third page of the text has nulls only.
        let texts = (0..<rows)
            .map { row -> String? in (200..<300).contains(row) || row % 5 == 0 ? nil : "t\(row % 37)" }
        let records = (0..<rows)
            .map { row -> RecordValue in
                let text = texts[row].map(RecordValue.string) ?? .null
                let mixed = Int32(row * 7919 % 1000)
                return .structure([.int64(Int64(row)), .int32(Int32(-row)), .int32(mixed), text])
            }
        let file = try WrittenFile(schema, records, options: WriterOptions(pageRowCount: 100))
        defer { file.delete() }
        // Every page of the text has the same bounds, which is both orders; null pages do not count.
        let orders: [ColumnIndex.BoundaryOrder] = [.ascending, .descending, .unordered, .ascending]
        for column in 0..<4 {
            let found = try Self.indexes(file, column: column)
            let index = try #require(found.columns)
            let offsets = try #require(found.offsets)
            #expect(offsets.pages.map(\.firstRow) == Array(stride(from: 0, to: rows, by: 100)))
            #expect(index.boundaryOrder == orders[column], "column \(column)")
            for page in offsets.pages.indices {
                let (header, size) = try PageHeader.parse(file.bytes, at: offsets.pages[page].offset, fileOffset: 0)
                #expect(size + header.compressedByteCount == offsets.pages[page].compressedByteCount)
            }
        }
        let text = try #require(try Self.indexes(file, column: 3).columns)
        for page in 0..<11 {
            let values = texts[page * 100..<min(rows, page * 100 + 100)]
            let present = values.compactMap { $0 }
            #expect(text.nullPages[page] == present.isEmpty)
            #expect(text.nullCounts?[page] == Int64(values.count - present.count))
            #expect(text.minimums[page] == Array((present.min() ?? "").utf8))
            #expect(text.maximums[page] == Array((present.max() ?? "").utf8))
        }
        let payload = try #require(try Self.indexes(file, column: 3).offsets?.unencodedByteArrayByteCounts)
        #expect(payload.reduce(0, +) == Int64(texts.compactMap { $0?.utf8.count }.reduce(0, +)))
        #expect(try file.inspected()["0 text indexes"] == "True True")
    }

    @Test("pages of lists begin with a row")
    func repeatedColumns() throws {
        let schema = Schema([.list("numbers", of: .leaf("element", .int32))])
        let records = (0..<400)
            .map { row in
                RecordValue.structure([.list((0..<(row % 9)).map { .int32(Int32($0)) })])
            }
        let file = try WrittenFile(schema, records, options: WriterOptions(pageByteCount: 200))
        defer { file.delete() }
        let pages = try #require(try Self.indexes(file, column: 0).offsets).pages
        #expect(pages.count > 10)
        #expect(try lines(of: ParquetFile(bytes: file.bytes)).count == 400)
        #expect(zip(pages, pages.dropFirst()).allSatisfy { $0.firstRow < $1.firstRow })
    }

    @Test("it is left out where a row group has too few pages", arguments: [(1, true), (2, false), (Int.max, false)])
    func minimumPages(minimum: Int, isThere: Bool) throws {
        let schema = Schema([.leaf("a", .int32)])
        let options = WriterOptions(pageIndexMinimumPages: minimum)
        let file = try WrittenFile(schema, [.structure([.int32(1)])], options: options)
        defer { file.delete() }
        let found = try Self.indexes(file, column: 0)
        #expect((found.offsets != nil) == isThere && (found.columns != nil) == isThere)
    }

    @Test("pages of NaN only, which no bound describes, leave the column without bounds of pages")
    func pagesOfNaN() throws {
        let schema = Schema([.leaf("f", .double)])
        let records = (0..<300).map { RecordValue.structure([.double((100..<200).contains($0) ? .nan : Double($0))]) }
        let file = try WrittenFile(schema, records, options: WriterOptions(pageRowCount: 100))
        defer { file.delete() }
        let found = try Self.indexes(file, column: 0)
        #expect(found.columns == nil && found.offsets?.pages.count == 3)
    }
}
