import EventImport
import EventJournal
import Foundation
import JMESPath
import ObjectStorage
import ObjectStorageTesting
import Synchronization
import Testing

@Suite("Importer")
struct ImporterTests {
    /// The smallest unit there is, so that a few hundred kilobytes make several.
    private static let unitBytes = 1 << 16

    private static func options(
        id: String? = "id",
        timestamp: String? = "at",
        key: String? = nil,
        parallelism: Int = 2
    ) throws -> ImportOptions {
        try ImportOptions(
            mapping: FieldMapping(
                id: id.map { try JMESPathExpression($0) },
                timestamp: timestamp.map { try JMESPathExpression($0) },
                key: key.map { try JMESPathExpression($0) }
            ),
            unitBytes: unitBytes,
            parallelism: parallelism
        )
    }

    /// A line of about 200 bytes.
    private static func line(_ id: Int, at second: Int, _ text: String = "") -> String {
        #"{"id":"e-\#(id)","at":\#(second),"kind":"k\#(id % 3)","text":"\#(text)\#(String(repeating: "x", count: 150))"}"#
    }

    private static func file(_ lines: some Sequence<String>) throws -> TemporaryFile {
        try TemporaryFile(Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    private static func replay(_ journal: Journal) async throws -> [Event] {
        var events: [Event] = []
        for try await event in journal.replay().events { events.append(event) }
        return events
    }

    /// 2000 lines, 400 KB, of which the journal wants every one; in no order of time.
    private static let lines = (0..<2000).map { line($0, at: $0 * 7919 % 2000) }

    @Test("imports each line as it stood, in units that become segments")
    func lines() async throws {
        let journal = Journal(store: MemoryObjectStore())
        let file = try Self.file(Self.lines)
        let report = try await Importer(into: journal, options: Self.options(key: "kind")).run([file.path])
        #expect(report.imported == 2000 && report.alreadyThere == 0 && report.rejected == 0)
        #expect(report.failures.isEmpty && report.inputBytes == Self.lines.reduce(0) { $0 + $1.utf8.count + 1 })
        let events = try await Self.replay(journal)
        #expect(
            events.map(\.text) == (0..<2000).map { second in Self.lines.first { $0.contains(#""at":\#(second),"#) } }
        )
        #expect(events.allSatisfy { $0.id.hasPrefix("e-") && $0.key?.hasPrefix("k") == true })
        #expect(events.map(\.timestamp.microseconds) == (0..<2000).map { $0 * 1_000_000 })
        #expect(try await journal.segments().count >= 5)
        #expect(try await journal.verify().isClean)
    }

    @Test("stops at checkpoints with nothing underway, and compacting there changes nothing", arguments: 1...3)
    func checkpoints(parallelism: Int) async throws {
        let journal = Journal(store: MemoryObjectStore())
        let file = try Self.file(Self.lines + Self.lines)
        let seen = Mutex<[Int]>([])
        var options = try Self.options(parallelism: parallelism)
        options.eventsBetweenCheckpoints = 600
        options.checkpoint = {
            let events = try await journal.statistics().events
            seen.withLock { $0.append(events) }
            try await journal.compact()
        }
        let report = try await Importer(into: journal, options: options).run([file.path])
        #expect(report.imported == 2000 && report.alreadyThere == 2000)
        let counts = seen.withLock { $0 }
        #expect(counts.count >= (parallelism == 1 ? 2 : 1) && counts == counts.sorted())
        #expect(zip([0] + counts, counts).allSatisfy { $1 - $0 >= 600 && $1 - $0 < 600 + 350 * (parallelism + 1) })
        #expect(try await Self.replay(journal).map(\.timestamp.microseconds) == (0..<2000).map { $0 * 1_000_000 })
        #expect(try await journal.verify().isClean)
    }

    @Test("the same import again adds nothing, not even an object", arguments: [false, true])
    func again(fresh: Bool) async throws {
        let store = CountingObjectStore(MemoryObjectStore())
        let journal = Journal(store: store)
        let file = try Self.file(Self.lines)
        _ = try await Importer(into: journal, options: Self.options()).run([file.path])
        let events = try await Self.replay(journal)
        _ = store.reset()
        let reader = fresh ? Journal(store: store) : journal
        let report = try await Importer(into: reader, options: Self.options()).run([file.path])
        #expect(report.imported == 0 && report.alreadyThere == 2000)
        #expect(store.counts[.put] == 0)
        #expect(try await Self.replay(reader) == events)
    }

    @Test("of lines with one id the first counts, also across units and files", arguments: [1, 2, 4])
    func duplicates(parallelism: Int) async throws {
        let first = try Self.file((0..<1000).map { Self.line($0 % 700, at: $0, "first \($0) ") })
        let second = try Self.file((0..<1000).map { Self.line($0, at: 5000 + $0, "second \($0) ") })
        let journal = Journal(store: MemoryObjectStore())
        let report = try await Importer(into: journal, options: Self.options(parallelism: parallelism))
            .run([first.path, second.path])
        #expect(report.imported == 1000 && report.alreadyThere == 1000)
        let events = try await Self.replay(journal)
        #expect(events.map(\.id) == (0..<1000).map { "e-\($0)" })
        #expect(events[..<700].enumerated().allSatisfy { $1.text.contains("first \($0) ") })
        #expect(events[700...].allSatisfy { $0.text.contains("second ") })
        // Each was left out before it was stored.
        #expect(try await journal.statistics().duplicates == 0)
    }

    @Test("parallelism changes nothing of what is replayed or reported")
    func parallelism() async throws {
        var lines = Self.lines
        for number in stride(from: 5, to: 2000, by: 97) { lines[number] = "not JSON \(number)" }
        for number in stride(from: 3, to: 2000, by: 50) { lines[number] = Self.line(number / 2, at: 7, "again") }
        let file = try Self.file(lines)
        var outcomes: [(events: [Event], rejects: [Int], report: ImportReport)] = []
        for parallelism in [1, 4] {
            let journal = Journal(store: MemoryObjectStore())
            let rejects = Mutex<[Int]>([])
            let report = try await Importer(into: journal, options: Self.options(parallelism: parallelism))
                .run([file.path]) { line in rejects.withLock { $0.append(line.line) } }
            outcomes.append((try await Self.replay(journal), rejects.withLock { $0 }, report))
        }
        #expect(outcomes[0].events == outcomes[1].events)
        #expect(outcomes[0].rejects == outcomes[1].rejects)
        #expect(outcomes[0].report.imported == outcomes[1].report.imported)
        #expect(outcomes[0].report.alreadyThere == outcomes[1].report.alreadyThere)
        #expect(outcomes[0].report.imported + outcomes[0].report.alreadyThere + outcomes[0].report.rejected == 2000)
    }

    @Test("reports rejected lines in order, with their place in their file, and imports the rest")
    func rejects() async throws {
        var lines = Self.lines
        let bad = Array(stride(from: 10, to: 2000, by: 111))
        for number in bad { lines[number] = #"{"id":"e-\#(number)","at":"never"}"# }
        let files = try [Self.file(lines[..<900]), Self.file(lines[900...])]
        let journal = Journal(store: MemoryObjectStore())
        let rejected = Mutex<[RejectedEvent]>([])
        let report = try await Importer(into: journal, options: Self.options(parallelism: 3))
            .run(files.map(\.path)) {
                line in rejected.withLock { $0.append(line) }
            }
        #expect(report.rejected == bad.count && report.imported == 2000 - bad.count)
        let all = rejected.withLock { $0 }
        #expect(all.map(\.line) == bad.map { $0 < 900 ? $0 + 1 : $0 - 899 })
        #expect(all.map(\.input) == bad.map { files[$0 < 900 ? 0 : 1].path })
        #expect(all.map { String(decoding: $0.bytes, as: UTF8.self) } == bad.map { lines[$0] })
        #expect(all.allSatisfy { !$0.reason.isEmpty })
    }

    @Test("an error of whoever takes the rejects ends the import, and it can be run again")
    func rejectsCannotBeTaken() async throws {
        struct Full: Error {}
        var lines = Self.lines
        lines[1500] = "?"
        let file = try Self.file(lines)
        let journal = Journal(store: MemoryObjectStore())
        let importer = try Importer(into: journal, options: Self.options())
        await #expect(throws: Full.self) { try await importer.run([file.path]) { _ in throw Full() } }
        let stored = try await journal.statistics().events
        let report = try await importer.run([file.path])
        #expect(report.alreadyThere == stored && report.imported + stored == 1999 && report.rejected == 1)
    }

    @Test("goes on behind inputs that are missing or cut short, and says so")
    func badInputs() async throws {
        let whole = try Self.file(Self.lines[..<500])
        let compressed = Compressors.gzip(Array(Self.lines[500..<1500].joined(separator: "\n").utf8))
        let cut = try TemporaryFile(Array(compressed.dropLast(20)), suffix: ".gz")
        let last = try Self.file(Self.lines[1500...])
        let journal = Journal(store: MemoryObjectStore())
        let report = try await Importer(into: journal, options: Self.options())
            .run([whole.path, "/nowhere/at/all.ndjson", cut.path, last.path])
        #expect(report.failures.map(\.code) == [.unreadable, .damaged])
        #expect(report.failures[0].message.contains("/nowhere/at/all.ndjson"))
        #expect(report.failures[1].message.contains(cut.path))
        let ids = Set(try await Self.replay(journal).map(\.id))
        #expect(ids.count == report.imported)
        #expect(ids.isSuperset(of: (0..<500).map { "e-\($0)" }) && ids.isSuperset(of: (1500..<2000).map { "e-\($0)" }))
    }

    @Test("lines without an id field mapped get fresh ids, and are added again each time")
    func noID() async throws {
        let journal = Journal(store: MemoryObjectStore())
        let file = try Self.file(Self.lines[..<1000])
        let before = Timestamp.now
        for run in 1...2 {
            let report = try await Importer(into: journal, options: Self.options(id: nil, timestamp: nil))
                .run([file.path])
            #expect(report.imported == 1000 && report.alreadyThere == 0)
            #expect(try await journal.statistics().events == run * 1000)
        }
        let events = try await Self.replay(journal)
        #expect(events.allSatisfy { UUIDv7($0.id) != nil && $0.timestamp >= before && $0.timestamp <= .now })
        #expect(Set(events.map(\.id)).count == 2000)
    }

    @Test("progress never goes back and ends with what the report says")
    func progress() async throws {
        let files = try [Self.file(Self.lines[..<1200]), Self.file(Self.lines[600...] + ["bad"])]
        let journal = Journal(store: MemoryObjectStore())
        let steps = Mutex<[ImportProgress]>([])
        let report = try await Importer(into: journal, options: Self.options(parallelism: 4))
            .run(files.map(\.path), progress: { step in steps.withLock { $0.append(step) } })
        let all = steps.withLock { $0 }
        for (one, next) in zip(all, all.dropFirst()) {
            #expect(one.inputBytes <= next.inputBytes && one.imported <= next.imported)
            #expect(one.alreadyThere <= next.alreadyThere && one.rejected <= next.rejected)
        }
        let last = try #require(all.last)
        #expect(all.allSatisfy { $0.totalBytes == report.inputBytes && $0.inputBytes <= report.inputBytes })
        #expect(last.inputBytes == report.inputBytes && last.imported == report.imported && last.imported == 2000)
        #expect(last.alreadyThere == 600 && report.alreadyThere == 600 && last.rejected == 1 && report.rejected == 1)
    }

    @Test("a cancelled import leaves a sound journal, and running it again completes it", arguments: [1, 3])
    func cancelled(parallelism: Int) async throws {
        let store = MemoryObjectStore()
        let file = try Self.file(Self.lines)
        let journal = Journal(store: store)
        let importer = try Importer(into: journal, options: Self.options(parallelism: parallelism))
        let path = file.path
        let running = Task {
            try await importer.run(
                [path],
                progress: { step in
                    // Called by the importing task itself.
                    if step.imported > 0 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
                }
            )
        }
        await #expect(throws: CancellationError.self) { try await running.value }
        try await Self.completes(importer, file, journal, store)
    }

    @Test(
        "an import that the store ends midway can be run again, and has each event once",
        arguments: [Fault.errorBefore(.storageFull), .errorAfter(.timedOut)],
        [0, 1, 4]
    )
    func storeFails(fault: Fault, put: Int) async throws {
        let base = MemoryObjectStore()
        let puts = Mutex(0)
        let store = FaultInjectingObjectStore(base) { request in
            guard request.operation == .put else { return [] }
            return puts.withLock { puts in
                defer { puts += 1 }
                return puts == put ? [fault] : []
            }
        }
        let file = try Self.file(Self.lines)
        let journal = Journal(store: store)
        let importer = try Importer(into: journal, options: Self.options(parallelism: 2))
        let error = await #expect(throws: JournalError.self) { try await importer.run([file.path]) }
        #expect(error?.code == .storage && error?.object?.hasPrefix("_inbox/") == true)
        try await Self.completes(importer, file, journal, base)
    }

    /// What is stored is sound and a part; running the import again completes it, for every reader.
    private static func completes(
        _ importer: Importer,
        _ file: TemporaryFile,
        _ journal: Journal,
        _ store: MemoryObjectStore
    ) async throws {
        let statistics = try await journal.statistics()
        #expect(statistics.events < 2000 && statistics.duplicates == 0)
        #expect(try await journal.verify().isClean)
        let report = try await importer.run([file.path])
        #expect(report.alreadyThere == statistics.events && report.imported == 2000 - statistics.events)
        for reader in [journal, Journal(store: store)] {
            #expect(
                try await replay(reader).map(\.id)
                    == (0..<2000)
                    .map { second in
                        "e-\((0..<2000).first { $0 * 7919 % 2000 == second } ?? -1)"
                    }
            )
            #expect(try await reader.statistics().duplicates == 0)
        }
    }

    @Test("an empty input, and none, import nothing")
    func nothing() async throws {
        let store = CountingObjectStore(MemoryObjectStore())
        let importer = try Importer(into: Journal(store: store), options: Self.options())
        let empty = try TemporaryFile([])
        for paths in [[], [empty.path], [empty.path, empty.path]] {
            let report = try await importer.run(paths)
            #expect(report.imported == 0 && report.rejected == 0 && report.failures.isEmpty)
        }
        #expect(store.counts[.put] == 0)
    }
}
