import Testing

@testable import Parquet

@Suite("File metadata")
struct FileMetadataTests {
    static func metadata(_ file: [UInt8]) throws -> FileMetadata {
        let tail = try FileTail.parse(Array(file.suffix(8)), fileByteCount: file.count)
        let range = tail.metadataOffset..<(file.count - 8)
        return try FileMetadata.parse(Array(file[range]), fileOffset: range.lowerBound)
    }

    @Test(
        "the footers of other writers are read, and what we write of them is read alike",
        .enabled(if: ConformanceFiles.areHere, "needs the conformance files"),
        arguments: ConformanceFiles.names(in: "data")
    )
    func footersOfOtherWriters(name: String) throws {
        let file = try ConformanceFiles.bytes(name)
        var metadata = try Self.metadata(file)
        // One writer left the file's own count at 0.
        let rows = metadata.rowGroups.reduce(0) { $0 + $1.rowCount }
        #expect(metadata.rowCount == rows || metadata.rowCount == 0)
        #expect(!metadata.schema.columns.isEmpty)
        for group in metadata.rowGroups {
            for chunk in group.columns {
                let pages = chunk.pages
                #expect(pages.offset + pages.byteCount <= file.count)
                let (header, size) = try PageHeader.parse(file, at: pages.offset, fileOffset: 0)
                #expect(size > 0 && header.compressedByteCount <= file.count)
            }
        }
        // What has no place in our model does not come back: names of split files, unknown logical types and orders.
        metadata.rowGroups = metadata.rowGroups.map { group in
            var group = group
            group.columns = group.columns.map { chunk in
                var chunk = chunk
                chunk.filePath = nil
                return chunk
            }
            return group
        }
        let again = try FileMetadata.parse(metadata.encode(), fileOffset: 0)
        #expect(again.rowGroups == metadata.rowGroups)
        #expect(again.keyValueMetadata == metadata.keyValueMetadata)
        #expect(again.createdBy == metadata.createdBy)
        #expect(again.columnOrders == metadata.columnOrders)
        #expect(again.schema.columns.map(\.path) == metadata.schema.columns.map(\.path))
        #expect(again.schema.columns.map(\.type) == metadata.schema.columns.map(\.type))
    }
}
