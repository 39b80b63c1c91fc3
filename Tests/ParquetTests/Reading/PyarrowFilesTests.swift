import Foundation
import Parquet
import Testing

/// What pyarrow writes, in each encoding it has, against what it reads itself.
@Suite struct PyarrowFilesTests {
    static let seed = UInt32.random(in: 0..<1_000_000)

    /// The files, and their rows as pyarrow reads them.
    struct Files: Sendable {
        var paths: [String]
        var bytes: [String: [UInt8]] = [:]
        var rows: [String: [String]]
    }

    static let files = Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "highwater-parquet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = try PythonPeer.run("generate.py", [folder.path, String(seed)]).split(separator: "\n")
            .map(String.init)
        var files = Files(paths: paths, rows: try PythonPeer.rows(of: paths))
        for path in paths { files.bytes[path] = Array(try Data(contentsOf: URL(filePath: path))) }
        return files
    }

    private func bytes(_ path: String) throws -> [UInt8] { try #require(try Self.files.get().bytes[path]) }

    @Test("every file that pyarrow writes gives the values that pyarrow reads")
    func everyFileGivesItsValues() throws {
        let files = try Self.files.get()
        #expect(files.paths.count > 50)
        for path in files.paths {
            let expected = try #require(files.rows[path])
            let file = try ParquetFile(bytes: bytes(path))
            try compare(try lines(of: file), expected, "\(path), seed \(Self.seed)")
            try compare(try lines(of: file, maximumRows: 97), expected, "\(path) by 97 rows, seed \(Self.seed)")
        }
    }

    @Test("any range of rows is read right, with and without the page index")
    func anyRangeOfRowsIsRead() async throws {
        let files = try Self.files.get()
        for path in files.paths where path.contains("pages") || path.contains("index") || path.contains("zstd") {
            let expected = try #require(files.rows[path])
            let source = CountingReader(try bytes(path))
            let reader = try await FileReader.open(source, tailByteCount: 8)
            let assembler = RecordAssembler(reader.file.schema)
            let text = RecordText(schema: reader.file.schema, shapes: assembler.shapes)
            for (lower, upper) in [
                (0, 1), (5, 5), (299, 302), (450, 460), (expected.count - 1, expected.count), (10, 900),
            ] {
                var found: [String] = []
                for try await batch in reader.batches(rows: lower..<upper, maximumRows: 50) {
                    found += try assembler.records(batch).map(text.line)
                }
                try compare(
                    found,
                    Array(expected[lower..<upper]),
                    "\(path) rows \(lower)..<\(upper), seed \(Self.seed)"
                )
            }
        }
    }

    @Test("with a page index only the pages of the rows wanted are fetched")
    func onlyNeededPagesAreFetched() async throws {
        let path = try #require(
            try Self.files.get().paths.first { $0.hasSuffix("v1-nulls0-plain-pages-index.parquet") }
        )
        let source = CountingReader(try bytes(path))
        let reader = try await FileReader.open(source, tailByteCount: 8)
        let column = try #require(reader.file.schema.column("string"))
        let indexes = try await reader.offsetIndexes(rowGroup: 0, columns: [column])
        let some = try reader.file.plan(rowGroup: 0, columns: [column], rows: 500..<510, offsetIndexes: indexes)
        let all = try reader.file.plan(rowGroup: 0, columns: [column])
        #expect(some.byteCount * 3 < all.byteCount)
        var decoder = try await reader.decoder(some)
        let batch = try #require(try decoder.next())
        #expect(batch.rowRange.lowerBound == 500)
        #expect(source.bytesRead.load() < source.byteCount / 2)
    }

    @Test("a footer longer than the first read takes a second one")
    func longFooterTakesASecondRead() async throws {
        let path = try #require(try Self.files.get().paths.first)
        let source = CountingReader(try bytes(path))
        _ = try await FileReader.open(source, tailByteCount: 100)
        #expect(source.reads.load() == 2)
        let again = CountingReader(try bytes(path))
        let reader = try await FileReader.open(again, tailByteCount: 1 << 30)
        for try await _ in reader.batches() {}
        #expect(again.reads.load() == 1)
    }

    @Test("a projection gives its columns in the order asked for")
    func projectionKeepsItsOrder() throws {
        let files = try Self.files.get()
        let path = try #require(files.paths.first { $0.hasSuffix("v2-nulls30-zstd.parquet") })
        let file = try ParquetFile(bytes: bytes(path))
        let string = try #require(file.schema.column("string"))
        let number = try #require(file.schema.column("int64"))
        var decoder = try file.decoder(file.plan(rowGroup: 0, columns: [string, number, string]))
        let batch = try #require(try decoder.next(maximumRows: 10))
        #expect(batch.columns.count == 3)
        guard case .bytes(let first) = batch.columns[0].values, case .int64 = batch.columns[1].values,
            case .bytes(let third) = batch.columns[2].values
        else {
            Issue.record("the columns have other types")
            return
        }
        #expect(first.views.map(\.length) == third.views.map(\.length))
        let spaced = try batch.columns[0].spaced()
        #expect(spaced.count == 10)
        #expect(spaced.isValid())
    }
}
