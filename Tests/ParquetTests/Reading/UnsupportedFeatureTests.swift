import Foundation
import Testing

@testable import Parquet

/// What this module does not read is refused by name, and the rest of such a file is read.
@Suite struct UnsupportedFeatureTests {
    private static func bytes() throws -> [UInt8] {
        var writer = try ParquetWriter(schema: Schema([.leaf("n", .int32)]))
        try writer.writeRowGroup([ColumnData(.int32([1, 2, 3]))])
        return writer.finish()
    }

    private func file(_ change: (inout ColumnChunkMetadata) -> Void) throws -> ParquetFile {
        let bytes = try Self.bytes()
        let tail = try FileTail.parse(Array(bytes.suffix(8)), fileByteCount: bytes.count)
        var metadata = try ParquetFile(bytes: bytes).metadata
        change(&metadata.rowGroups[0].columns[0])
        let footer = metadata.encode()
        let length = (0..<4).map { UInt8(truncatingIfNeeded: footer.count >> (8 * $0)) }
        return try ParquetFile(bytes: bytes[..<tail.metadataOffset] + footer + length + FileTail.magic)
    }

    @Test(
        "a codec without support is named",
        arguments: [CompressionCodec.lzo, .brotli, .lz4, .lz4Raw, CompressionCodec(rawValue: 99)]
    )
    func codecIsNamed(_ codec: CompressionCodec) throws {
        let file = try file { $0.codec = codec }
        let error = #expect(throws: ParquetError.self) { try file.plan(rowGroup: 0) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("\(codec)") == true)
        #expect(error?.message.contains("column n") == true)
    }

    @Test("a column chunk in another file is named")
    func otherFileIsNamed() throws {
        // The writer never writes the field, so it is put in front of those of the chunk: number 1, a text.
        var bytes = try Self.bytes()
        let group: [UInt8] = [0x19, 0x1c, 0x19, 0x1c]
        let start = try #require(bytes.indices.last { bytes[$0...].starts(with: group) }) + group.count
        let path: [UInt8] = [0x18, 4] + Array("else".utf8)
        bytes[start] -= 0x10
        bytes.insert(contentsOf: path, at: start)
        bytes[bytes.count - 8] += UInt8(path.count)
        let file = try ParquetFile(bytes: bytes)
        let error = #expect(throws: ParquetError.self) { try file.plan(rowGroup: 0) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("another file") == true)
    }

    @Test("an encrypted column is named and the others are read; an encrypted footer is named")
    func encryptionIsNamed() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "highwater-parquet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = try PythonPeer.run("encrypted.py", [folder.path]).split(separator: "\n").map(String.init)
        try #require(paths.count == 2)
        let column = try ParquetFile(bytes: Array(try Data(contentsOf: URL(filePath: paths[0]))))
        var decoder = try column.decoder(column.plan(rowGroup: 0, columns: [0]))
        let batch = try #require(try decoder.next())
        guard case .int64([1, 2, 3]) = batch.columns[0].values else {
            Issue.record("the open column has other values: \(batch)")
            return
        }
        let error = #expect(throws: ParquetError.self) { try column.plan(rowGroup: 0, columns: [1]) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("column secret: encryption") == true)

        let bytes = Array(try Data(contentsOf: URL(filePath: paths[1])))
        let refusal = #expect(throws: ParquetError.self) { try ParquetFile(bytes: bytes) }
        #expect(refusal?.code == .unsupported)
        #expect(refusal?.message.contains("encrypted") == true)
    }

    @Test("the leaves of a VARIANT, GEOMETRY or GEOGRAPHY are named, those beside are not")
    func typesAreNamed() {
        let schema = Schema([
            .group("v", [.leaf("metadata", .byteArray), .leaf("value", .byteArray)], logicalType: .unknown(16)),
            .leaf("plain", .int32), .leaf("shape", .byteArray, .unknown(17)), .leaf("place", .byteArray, .unknown(18)),
            .leaf("old", .int96), .leaf("future", .byteArray, .unknown(77)),
        ])
        let names = UnsupportedFeatures.names(in: schema)
        let words = ["VARIANT", "VARIANT", nil, "GEOMETRY", "GEOGRAPHY", "INT96", nil]
        #expect(names.count == words.count)
        for (name, word) in zip(names, words) {
            if let word { #expect(name?.contains(word) == true) } else { #expect(name == nil) }
        }
    }
}
