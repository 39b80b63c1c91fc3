import EventJournal
import Foundation
import ObjectStorage
import ObjectStorageTesting
import ReplayJobs
import Testing

@Suite("A file as a sink", .timeLimit(.minutes(5)))
struct FileSinkTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "sink-\(UUID().uuidString)").path

    private func clear() { try? FileManager.default.removeItem(atPath: path) }

    /// A job of twenty events that has sent and noted a few of them to the file.
    private func begun() async throws -> (ReplayJobStore, ReplayJob) {
        let journal = Replays.journal(MemoryObjectStore())
        try await journal.append(Replays.events(0..<20))
        let jobs = ReplayJobStore(journal)
        var spec = ReplayJobSpec(sink: path)
        spec.batchRecords = 5
        let job = try await jobs.create(spec)
        let breaking = BreakingSink(FileReplaySink(path: path, format: .data), after: 2)
        await #expect(throws: BreakingSink.Failure.self) { try await ReplayJobRunner(jobs, sink: breaking).run(job.id) }
        return (jobs, job)
    }

    /// Fails for good after so many batches.
    private actor BreakingSink: ReplaySink {
        struct Failure: Error {}

        private nonisolated let base: FileReplaySink
        private var left: Int
        nonisolated var name: String { "breaking" }
        nonisolated var batchRecords: Int { 5 }
        nonisolated var batchBytes: Int { 1 << 20 }

        init(_ base: FileReplaySink, after batches: Int) {
            self.base = base
            left = batches
        }

        nonisolated var mark: String? { base.mark }

        func begin(_ start: ReplaySinkStart, mark: String?) async throws { try await base.begin(start, mark: mark) }

        func send(_ batch: EventBatch) async throws {
            guard left > 0 else { throw Failure() }
            left -= 1
            try await base.send(batch)
        }
    }

    /// As many bytes as the job has sent, and more, in whole lines.
    private static let foreignLines = String(repeating: "{\"n\":\"foreign\"}\n", count: 100)

    @Test("that is another one before a batch was noted is not written to, but the job's own is gone on with")
    func another() async throws {
        defer { clear() }
        let journal = Replays.journal(MemoryObjectStore())
        try await journal.append(Replays.events(0..<20))
        let jobs = ReplayJobStore(journal)
        let job = try await jobs.create(ReplayJobSpec(sink: path))
        let breaking = BreakingSink(FileReplaySink(path: path, format: .data), after: 0)
        await #expect(throws: BreakingSink.Failure.self) { try await ReplayJobRunner(jobs, sink: breaking).run(job.id) }
        let moved = path + ".moved"
        try FileManager.default.moveItem(atPath: path, toPath: moved)
        defer { try? FileManager.default.removeItem(atPath: moved) }
        try "foreign\n".write(toFile: path, atomically: false, encoding: .utf8)
        let error = await #expect(throws: ReplayJobError.self) {
            try await ReplayJobRunner(jobs, sink: FileReplaySink(path: path, format: .data)).run(job.id)
        }
        #expect(error?.code == .exists && error?.message.contains("another file") == true)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "foreign\n")
        clear()
        try FileManager.default.moveItem(atPath: moved, toPath: path)
        // Of a batch that nobody noted.
        try "{\"number\":0}\n{\"num".write(toFile: path, atomically: false, encoding: .utf8)
        let done = try await ReplayJobRunner(jobs, sink: FileReplaySink(path: path, format: .data)).run(job.id)
        #expect(done.state == .done)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "{\"number\":0}\n" + Self.lines)
    }

    @Test("that was copied elsewhere is gone on with")
    func copied() async throws {
        defer { clear() }
        let (jobs, job) = try await begun()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        clear()
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let done = try await ReplayJobRunner(jobs, sink: FileReplaySink(path: path, format: .data)).run(job.id)
        #expect(done.state == .done)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.lines)
    }

    private static var lines: String { (0..<20).map { "{\"number\":\($0)}\n" }.joined() }

    @Test("is gone on with behind its last whole line")
    func resumed() async throws {
        defer { clear() }
        let (jobs, job) = try await begun()
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"num".utf8))
        try handle.close()
        let done = try await ReplayJobRunner(jobs, sink: FileReplaySink(path: path, format: .data)).run(job.id)
        #expect(done.state == .done)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.lines)
    }

    @Test(
        "that is gone, or another one, is not begun anew by a job that has sent to it",
        arguments: [nil, "", "foreign", "foreign\n", FileSinkTests.foreignLines, "{\"number\":0}\n"]
    )
    func gone(left: String?) async throws {
        defer { clear() }
        let (jobs, job) = try await begun()
        clear()
        if let left { try left.write(toFile: path, atomically: false, encoding: .utf8) }
        let sink = FileReplaySink(path: path, format: .data)
        let error = await #expect(throws: ReplayJobError.self) {
            try await ReplayJobRunner(jobs, sink: sink).run(job.id)
        }
        #expect(error?.code == .notFound && error?.message.contains(path) == true)
        #expect((try? String(contentsOfFile: path, encoding: .utf8)) == left)
        #expect(try await jobs.job(job.id).state == .failed)
    }

    @Test("that is foreign is not appended to by a job that has sent nothing, however often it is resumed")
    func foreign() async throws {
        defer { clear() }
        let journal = Replays.journal(MemoryObjectStore())
        try await journal.append(Replays.events(0..<20))
        let jobs = ReplayJobStore(journal)
        let job = try await jobs.create(ReplayJobSpec(sink: path))
        try "foreign\n".write(toFile: path, atomically: false, encoding: .utf8)
        for _ in 0..<2 {
            let sink = FileReplaySink(path: path, format: .data)
            let error = await #expect(throws: ReplayJobError.self) {
                try await ReplayJobRunner(jobs, sink: sink).run(job.id)
            }
            #expect(error?.code == .exists)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "foreign\n")
    }

    @Test("may be a device or a pipe, which cannot be synchronized")
    func devices() async throws {
        defer { clear() }
        let batch = EventBatch(Replays.events(0..<20))
        let null = FileReplaySink(path: "/dev/null", format: .data)
        try await null.begin(.resumed)
        try await null.send(batch)
        try #require(unsafe mkfifo(path, 0o600) == 0)
        let reader = Process()
        reader.executableURL = URL(filePath: "/bin/cat")
        reader.arguments = [path]
        let output = Pipe()
        reader.standardOutput = output
        try reader.run()
        // The program opens a sink once to see whether it can, and again for the job.
        try await FileReplaySink(path: path, format: .data).begin(.first)
        var sink: FileReplaySink? = FileReplaySink(path: path, format: .data)
        try await sink?.begin(.first)
        try await sink?.send(batch)
        sink = nil
        let read = try output.fileHandleForReading.readToEnd()
        reader.waitUntilExit()
        #expect(read.map { String(decoding: $0, as: UTF8.self) } == Self.lines)
    }
}
