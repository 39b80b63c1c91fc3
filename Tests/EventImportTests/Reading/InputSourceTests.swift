import Foundation
import Testing

@testable import EventImport

@Suite("Inputs are opened, told apart and decompressed")
struct InputSourceTests {
    /// Text that compresses to several blocks of either format.
    private static let text: [UInt8] = {
        var generator = SeededGenerator(seed: 42)
        return Array((0..<40_000).map { "{\"id\":\($0),\"x\":\(generator.next())}\n" }.joined().utf8)
    }()

    @Test("an input is the same bytes plain and compressed", arguments: [1, 7, 4096, 1 << 20])
    func readsAllFormats(step: Int) throws {
        let text = step == 1 ? Array(Self.text.prefix(20_000)) : Self.text
        let half = text.count / 2
        let head = Array(text[..<half])
        let tail = Array(text[half...])
        let forms: [(String, [UInt8])] = [
            ("plain", text),
            ("gzip", Compressors.gzip(text)),
            ("gzip members", Compressors.gzip(head) + Compressors.gzip([]) + Compressors.gzip(tail)),
            ("gzip and padding", Compressors.gzip(text) + [0, 0, 0, 0, 0]),
            ("zstd", Compressors.zstandard(text)),
            ("zstd frames", Compressors.zstandard(head) + Compressors.zstandard([]) + Compressors.zstandard(tail)),
            (
                "skippable frames",
                Compressors.skippable([1, 2, 3]) + Compressors.zstandard(text) + Compressors.skippable([])
            ),
        ]
        for (name, bytes) in forms {
            // The name says nothing: a plain file may be called .gz.
            let file = try TemporaryFile(bytes, suffix: ".gz")
            let source = try InputSource(path: file.path)
            #expect(source.totalBytes == bytes.count)
            #expect(try source.readAll(step: step) == text, "\(name)")
            #expect(source.bytesConsumed == bytes.count, "\(name)")
            #expect(try source.readAll(step: step).isEmpty, "\(name)")
        }
    }

    @Test("inputs of a few bytes are plain", arguments: ["", "1", "{}", "12345", "123456", "1234567"])
    func readsTiny(text: String) throws {
        let file = try TemporaryFile(Array(text.utf8))
        #expect(try InputSource(path: file.path).readAll(step: 2) == Array(text.utf8))
    }

    @Test("compressed nothing is nothing")
    func readsCompressedNothing() throws {
        for bytes in [Compressors.gzip([]), Compressors.zstandard([]), Compressors.skippable([])] {
            let file = try TemporaryFile(bytes)
            #expect(try InputSource(path: file.path).readAll().isEmpty)
        }
    }

    @Test("compressed data cut anywhere is an error that names the file and the place")
    func noticesTruncation() throws {
        let text = Array(Self.text.prefix(1000))
        for whole in [Compressors.gzip(text), Compressors.zstandard(text), Compressors.skippable(text)] {
            // The first bytes alone do not tell a format.
            for length in stride(from: 4, to: whole.count, by: 1) {
                let file = try TemporaryFile(Array(whole[..<length]))
                let source = try InputSource(path: file.path)
                let error = #expect(throws: InputError.self) { _ = try source.readAll() }
                #expect(error?.code == .damaged)
                #expect(error?.message.contains("\(file.path) is cut short") == true, "\(length)")
                #expect(error?.message.contains("at byte \(length)") == true)
            }
        }
    }

    @Test("a second member cut short is noticed")
    func noticesTruncationOfLaterMember() throws {
        for (first, second) in [
            (Compressors.gzip([1]), Compressors.gzip(Self.text)),
            (Compressors.zstandard([1]), Compressors.zstandard(Self.text)),
        ] {
            for length in [1, 3, 5, second.count - 1] {
                let file = try TemporaryFile(first + second[..<length])
                let source = try InputSource(path: file.path)
                #expect(throws: InputError(.damaged, "")) { _ = try source.readAll() }
            }
        }
    }

    @Test("changed bytes in compressed data are noticed")
    func noticesDamage() throws {
        for whole in [Compressors.gzip(Self.text), Compressors.zstandard(Self.text) + [0x99, 0x98]] {
            var bytes = whole
            bytes[bytes.count / 2] ^= 0x55
            let file = try TemporaryFile(bytes)
            let source = try InputSource(path: file.path)
            let error = #expect(throws: InputError.self) { _ = try source.readAll() }
            #expect(error?.code == .damaged)
            #expect(error?.message.contains(file.path) == true)
        }
        let trailed = try TemporaryFile(Compressors.gzip([1]) + Array("{}".utf8))
        let error = #expect(throws: InputError.self) { _ = try InputSource(path: trailed.path).readAll() }
        #expect(error?.message.contains("something else follows the gzip data") == true)
    }

    @Test("a zstd window of 256 MiB is accepted")
    func acceptsLargeWindow() throws {
        let text = Array(Self.text.prefix(100_000))
        let file = try TemporaryFile(Compressors.zstandard(text, windowLog: 28))
        #expect(try InputSource(path: file.path).readAll() == text)
    }

    @Test(
        "files packed otherwise are refused by name",
        arguments: [
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00] as [UInt8], "xz"), ([0x42, 0x5A, 0x68, 0x39], "bzip2"),
            ([0x50, 0x4B, 0x03, 0x04], "zip"), ([0x04, 0x22, 0x4D, 0x18], "lz4"),
        ]
    )
    func refusesForeignFormats(magic: [UInt8], name: String) throws {
        let file = try TemporaryFile(magic + [1, 2, 3])
        let error = #expect(throws: InputError.self) { _ = try InputSource(path: file.path) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(name) == true)
    }

    @Test("a missing file and a directory are told apart")
    func explainsWhatCannotBeOpened() throws {
        let missing = #expect(throws: InputError.self) { _ = try InputSource(path: "/no/such/file.ndjson") }
        #expect(missing?.code == .unreadable)
        #expect(missing?.message == "There is no file /no/such/file.ndjson; check the path.")
        let directory = FileManager.default.temporaryDirectory.path
        let error = #expect(throws: InputError.self) { _ = try InputSource(path: directory) }
        #expect(error?.code == .unreadable)
        #expect(error?.message.contains("is a directory") == true)
    }

    @Test("a file without permission is an error", .enabled(if: getuid() != 0, "root may read everything"))
    func explainsPermissions() throws {
        let file = try TemporaryFile([1])
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file.path)
        let error = #expect(throws: InputError.self) { _ = try InputSource(path: file.path) }
        #expect(error?.message.contains("No permission") == true)
    }

    @Test("a named pipe is read to its end and has no known length")
    func readsPipes() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("pipe-\(UUID().uuidString)").path
        try #require(unsafe mkfifo(path, 0o600) == 0)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = Compressors.zstandard(Self.text)
        let writer = Thread {
            // Small pieces, so that the first bytes of the format come one by one.
            guard let handle = FileHandle(forWritingAtPath: path) else { return }
            for start in [0, 1, 2, 3] { handle.write(Data(bytes[start...start])) }
            handle.write(Data(bytes[4...]))
            try? handle.close()
        }
        writer.start()
        let source = try InputSource(path: path)
        #expect(source.totalBytes == nil)
        #expect(try source.readAll() == Self.text)
        #expect(source.bytesConsumed == bytes.count)
    }
}
