import EventJournal
import ObjectStorage
import ObjectStorageTesting
import RecordStreams
import ReplayConsistency
import Synchronization
import Testing

@testable import ReplayJobs

@Suite("Replay jobs", .timeLimit(.minutes(5)))
struct JobTests {
    private let store = MemoryObjectStore()
    private var journal: Journal { Replays.journal(store) }

    private func job(
        _ count: Int = 60,
        _ change: (inout ReplayJobSpec) -> Void = { _ in }
    ) async throws -> (ReplayJobStore, ReplayJob) {
        if count > 0 { try await journal.append(Replays.events(0..<count)) }
        let jobs = ReplayJobStore(journal, time: .system)
        var spec = ReplayJobSpec(sink: "chaos")
        spec.lease = .seconds(1)
        change(&spec)
        return (jobs, try await jobs.create(spec))
    }

    @Test("send what a replay has, in its order, and say how far they are")
    func sends() async throws {
        let (jobs, job) = try await job()
        try await journal.append([Event(id: "later", timestamp: .now, data: [1])])
        let sink = ChaosSink(batchRecords: 7)
        let done = try await ReplayJobRunner(jobs, sink: sink).run(job.id)
        #expect(done.state == .done && done.owner == nil && done.progress.events == 60 && done.progress.fraction == 1)
        #expect(done.progress.bytes == sink.events.reduce(0) { $0 + $1.data.count })
        #expect(sink.events.map(\.id) == (0..<60).map { "event-\($0)" })
        #expect(sink.batches.allSatisfy { $0 <= 7 } && sink.batches.count == 9)
        await #expect(throws: ReplayJobError.self) { try await ReplayJobRunner(jobs, sink: sink).run(job.id) }
        await #expect(throws: ReplayJobError.self) { _ = try await jobs.pause(job.id) }
        #expect(try await jobs.all() == [done])
        #expect(try await jobs.job(named: String(job.id.suffix(6))) == done)
        try await jobs.delete(job.id)
        #expect(try await jobs.all().isEmpty)
        await #expect(throws: ReplayJobError.self) { _ = try await jobs.job(named: String(job.id.suffix(6))) }
    }

    /// Tells of attempts that fail, and takes a batch when it is allowed to.
    private actor TroubledSink: ReplaySink {
        nonisolated var name: String { "troubled" }
        nonisolated var batchRecords: Int { 20 }
        nonisolated var batchBytes: Int { 1 << 20 }
        private var isAllowed = false

        func allow() { isAllowed = true }

        func send(_ batch: EventBatch) async throws {
            var attempts = 0
            while !isAllowed {
                attempts += 1
                StreamRetry(place: "troubled", reason: "no\u{1B}\n", attempts: attempts, wait: .seconds(9)).tell()
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    private final class Seen: Sendable { let troubles = Mutex<[ReplayJob.Trouble?]>([]) }

    @Test("in trouble say so while the sink tries, and no more when it has taken the batch")
    func trouble() async throws {
        let (jobs, job) = try await job()
        let sink = TroubledSink()
        let seen = Seen()
        let end = try await withThrowingTaskGroup(of: ReplayJob.self) { group in
            group.addTask {
                let runner = ReplayJobRunner(jobs, sink: sink) { job in
                    seen.troubles.withLock { $0.append(job.trouble) }
                }
                return try await runner.run(job.id)
            }
            while try await jobs.job(job.id).trouble == nil { try await Task.sleep(for: .milliseconds(10)) }
            let trouble = try #require(try await jobs.job(job.id).trouble)
            #expect(trouble.message == "troubled: no\u{FFFD}" && trouble.attempts >= 1)
            #expect(trouble.next.microseconds - trouble.since.microseconds >= 9_000_000)
            try await Task.sleep(for: .milliseconds(400))
            await sink.allow()
            return try #require(try await group.next())
        }
        #expect(end.state == .done && end.trouble == nil && end.progress.events == 60)
        // At once, and not at each of the forty attempts.
        let troubles = seen.troubles.withLock(\.self)
        #expect(troubles.count { $0 != nil } == 1 && troubles.first??.attempts ?? 0 >= 1, "\(troubles)")
        #expect(troubles.last == .some(nil), "\(troubles)")
    }

    @Test("never hand a sink more than it takes")
    func capped() async throws {
        let (jobs, job) = try await job { $0.batchRecords = 50 }
        let sink = ChaosSink(batchRecords: 7)
        _ = try await ReplayJobRunner(jobs, sink: sink).run(job.id)
        #expect(sink.events.count == 60 && sink.batches.allSatisfy { $0 <= 7 })
    }

    @Test(
        "whose numbers cannot be are damaged",
        arguments: [
            #""lease_seconds":1e300},"epoch":1"#, #""lease_seconds":0},"epoch":1"#, #""lease_seconds":15},"epoch":-1"#,
            #""lease_seconds":15},"epoch":9223372036854775807"#, #""lease_seconds":15,"batch_records":0},"epoch":1"#,
        ]
    )
    func impossible(members: String) {
        let text = #"{"format":1,"job":"j","created":0,"state":"running","spec":{"sink":"x","# + members + "}"
        #expect(throws: ReplayJobError.self) { try ReplayJob(Array(text.utf8), id: "j", object: "x") }
    }

    @Test("show measures within their bounds")
    func bounded() throws {
        let text =
            #"{"format":1,"job":"j","created":0,"state":"running","epoch":1,"spec":{"sink":"x","lease_seconds":15},"#
            + #""progress":{"fraction":1e300,"left_seconds":1e300,"bytes_per_second":1e300,"events_per_second":-1}}"#
        let progress = try ReplayJob(Array(text.utf8), id: "j", object: "x").progress
        #expect(progress.fraction == 1 && progress.timeLeft == .seconds(1_000_000_000))
        #expect(progress.bytesPerSecond == 1e15 && progress.eventsPerSecond == 0)
    }

    @Test("of an empty range are done at once")
    func empty() async throws {
        let (jobs, job) = try await job(0)
        let done = try await ReplayJobRunner(jobs, sink: ChaosSink()).run(job.id)
        #expect(done.state == .done && done.progress.events == 0)
    }

    @Test("are read as they were written, whatever is in them")
    func json() throws {
        var spec = ReplayJobSpec(sink: "https://x/\"y\"")
        spec.sinkOptions = ["method": "PUT"]
        spec.after = Timestamp(microseconds: -5)
        spec.through = .max
        spec.condition = "a == 'ü'"
        spec.projection = "{a: b}"
        spec.isStrict = true
        spec.latestPerKey = true
        spec.isAnnotated = true
        spec.annotations = ["a": "b\n"]
        spec.mayOverwrite = true
        spec.rate = .recorded(times: 2.5)
        spec.batchRecords = 3
        spec.lease = .milliseconds(1500)
        var job = ReplayJob(id: "01a1fdda-6c4b-73f7-96b5-c8e2d2c3bcda", spec: spec, created: .now)
        job.state = .failed
        job.message = "no \u{0}"
        job.epoch = 7
        job.owner = .init(name: "o", beat: 3, seen: .now)
        job.position = JobPosition(moment: -9, sent: [0, .max, 17])
        job.progress.events = 5
        job.progress.timeLeft = .seconds(2)
        job.progress.last = .now
        job.sinkMark = "a-b"
        job.trouble = .init(message: "x", attempts: 3, since: .now, next: Timestamp(microseconds: 5))
        #expect(try ReplayJob(job.json(nonce: "n"), id: job.id, object: "x") == job)
        for bad in ["", "{}", #"{"format":2}"#, #"{"format":1,"spec":{"sink":"x","lease_seconds":15}}"#] {
            #expect(throws: ReplayJobError.self) { try ReplayJob(Array(bad.utf8), id: job.id, object: "x") }
        }
    }

    @Test("are paused and resumed from elsewhere, and lose and repeat nothing by it")
    func paused() async throws {
        let (jobs, job) = try await job()
        let sink = ChaosSink(delay: .milliseconds(200))
        let others = ReplayJobStore(journal, time: .system)
        let first = try await withThrowingTaskGroup(of: ReplayJob.self) { group in
            group.addTask { try await ReplayJobRunner(jobs, sink: sink).run(job.id) }
            while sink.events.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            _ = try await others.pause(job.id)
            let settled = try await others.settled(job.id)
            #expect(settled.owner == nil && settled.state == .paused)
            return try #require(try await group.next())
        }
        #expect(first.state == .paused && sink.events.count == first.progress.events && sink.events.count < 60)
        let done = try await ReplayJobRunner(others, sink: sink).run(job.id)
        #expect(done.state == .done && sink.events.map(\.id) == (0..<60).map { "event-\($0)" })
    }

    @Test("are cancelled from elsewhere for good")
    func cancelled() async throws {
        let (jobs, job) = try await job()
        let sink = ChaosSink(delay: .milliseconds(200))
        let end = try await withThrowingTaskGroup(of: ReplayJob.self) { group in
            group.addTask { try await ReplayJobRunner(jobs, sink: sink).run(job.id) }
            while sink.events.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            _ = try await jobs.cancel(job.id)
            return try #require(try await group.next())
        }
        #expect(end.state == .cancelled && sink.events.count < 60)
        await #expect(throws: ReplayJobError.self) { try await ReplayJobRunner(jobs, sink: sink).run(job.id) }
    }

    @Test("stop at a signal, also while a sink does not answer, and are not stolen while their process lives")
    func stopped() async throws {
        let (jobs, job) = try await job()
        let stuck = ChaosSink(delay: .seconds(3600))
        let runner = ReplayJobRunner(jobs, sink: stuck, grace: .milliseconds(50))
        let others = ReplayJobStore(journal, time: .system)
        let end = try await withThrowingTaskGroup(of: ReplayJob.self) { group in
            group.addTask { try await runner.run(job.id) }
            while try await jobs.job(job.id).owner == nil { try await Task.sleep(for: .milliseconds(5)) }
            // Its heart beats while the sink is silent, so that nobody else gets it.
            await #expect(throws: ReplayJobError.self) {
                _ = try await ReplayJobRunner(others, sink: ChaosSink()).run(job.id)
            }
            runner.stop()
            return try #require(try await group.next())
        }
        #expect(end.state == .paused && end.owner == nil && end.progress.events == 0)
    }

    @Test("are not taken over while a batch has its grace after a stop")
    func graceful() async throws {
        let (jobs, job) = try await job()
        let stuck = ChaosSink(delay: .seconds(3600))
        let runner = ReplayJobRunner(jobs, sink: stuck, grace: .seconds(4))
        let others = ReplayJobStore(journal, time: .system)
        let end = try await withThrowingTaskGroup(of: ReplayJob.self) { group in
            group.addTask { try await runner.run(job.id) }
            while stuck.calls == 0 { try await Task.sleep(for: .milliseconds(5)) }
            runner.stop()
            // It may have its last look at the lease behind it.
            try await Task.sleep(for: .milliseconds(200))
            let error = await #expect(throws: ReplayJobError.self) {
                _ = try await ReplayJobRunner(others, sink: ChaosSink()).run(job.id)
            }
            #expect(error?.code == .busy)
            return try #require(try await group.next())
        }
        #expect(end.state == .paused && end.epoch == 1)
    }

    @Test("that wait for the lease of a dead process stop at once, and stay as they were")
    func stoppedWaiting() async throws {
        let (jobs, job) = try await job { $0.lease = .seconds(3600) }
        let dead = try await JobKeeper.take(job.id, of: jobs) { false }
        let runner = ReplayJobRunner(jobs, sink: ChaosSink())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) { _ = try await runner.run(job.id) }
            }
            try await Task.sleep(for: .milliseconds(100))
            runner.stop()
            try await group.next()
        }
        #expect(try await jobs.job(job.id) == dead.job)
    }

    /// A store of which a put may take long.
    private final class PausedStore: ForwardingObjectStore {
        let base: any ObjectStore
        private let isPaused = Mutex(false)

        init(base: any ObjectStore) { self.base = base }

        func pauseOnce() { isPaused.withLock { $0 = true } }

        func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
            let pauses = isPaused.withLock { isPaused in
                defer { isPaused = false }
                return isPaused
            }
            if pauses { try await Task.sleep(for: .milliseconds(1300)) }
            return try await base.put(key, bytes, mode: mode)
        }
    }

    @Test("that nobody else took are held on to when the store was away for longer than their lease")
    func storeAway() async throws {
        let (_, job) = try await job()
        let slow = PausedStore(base: store)
        let jobs = ReplayJobStore(Replays.journal(slow), time: .system)
        let keeper = try await JobKeeper.take(job.id, of: jobs) { false }
        slow.pauseOnce()
        try await keeper.note { $0.progress.events = 7 }
        try keeper.require()
        #expect(keeper.job.progress.events == 7 && keeper.job.owner?.beat == 3)
    }

    @Test("that are damaged hide no others, and can be deleted", arguments: ["{}", "", #"{"format":99}"#])
    func damaged(bytes: String) async throws {
        let (jobs, job) = try await job()
        let id = journal.freshName()
        try await store.put("_replays/\(id).json", Array(bytes.utf8))
        let (readable, damaged) = try await jobs.readable()
        #expect(readable == [job] && damaged.count == 1)
        #expect(damaged.first?.message.contains(id) == true)
        await #expect(throws: ReplayJobError.self) { _ = try await jobs.all() }
        try await jobs.delete(try await jobs.identifier(named: String(id.suffix(12))))
        #expect(try await jobs.all() == [job])
        await #expect(throws: ReplayJobError.self) { try await jobs.delete(id) }
    }

    @Test("keep the message of what failed, and can be resumed")
    func failed() async throws {
        let (jobs, job) = try await job()
        let sink = ChaosSink(failures: 1)
        await #expect(throws: ChaosSink.Failure.self) { try await ReplayJobRunner(jobs, sink: sink).run(job.id) }
        let failed = try await jobs.job(job.id)
        #expect(failed.state == .failed && failed.message != nil && failed.owner == nil)
        sink.failures = 0
        #expect(try await ReplayJobRunner(jobs, sink: sink).run(job.id).state == .done)
    }

    @Test(
        "keep to a rate",
        arguments: [
            (.records(perSecond: 80), 0.45), (.bytes(perSecond: 1100), 0.4), (.recorded(times: 0.05), 0.6),
        ] as [(ReplayRate, Double)]
    )
    func rate(rate: ReplayRate, seconds: Double) async throws {
        // 60 records of 13 or 14 bytes, over 39 ms of recorded time.
        let (jobs, job) = try await job { $0.rate = rate }
        let begin = ContinuousClock.now
        let sink = ChaosSink(batchRecords: 500)
        _ = try await ReplayJobRunner(jobs, sink: sink).run(job.id)
        let took = (ContinuousClock.now - begin).inSeconds
        #expect(took >= seconds, "\(took)")
        #expect(took < seconds * 4 + 20, "\(took)")
        #expect(sink.events.count == 60)
    }

    @Test("annotate records so that a consumer can tell where they stood, also those that were replayed before")
    func annotated() async throws {
        let first = Event(
            id: "1",
            timestamp: Timestamp(microseconds: 5),
            key: "k",
            data: Array("{\"v\":1}".utf8),
            source: "s",
            sequence: "7/0"
        )
        try await journal.append([first, Event(id: "2", timestamp: Timestamp(microseconds: 6), key: "k", data: [0xFF])])
        let jobs = ReplayJobStore(journal, time: .system)
        var spec = ReplayJobSpec(sink: "chaos")
        spec.isAnnotated = true
        spec.annotations = ["why": "test"]
        let job = try await jobs.create(spec)
        let sink = ChaosSink()
        _ = try await ReplayJobRunner(jobs, sink: sink).run(job.id)
        let records = try sink.events.map { try #require(ReplayedRecord($0.data)) }
        #expect(records.map(\.payload) == [first.data, [0xFF]])
        let annotation = records[0].annotation
        #expect(annotation.job == job.id && annotation.position == "7/0" && annotation.source == "s")
        #expect(annotation.timestamp == "1970-01-01T00:00:00.000005Z" && annotation.annotations == ["why": "test"])
        #expect(records[1].annotation.position == "6" && !records[1].annotation.mayOverwrite)
        // Archived again, at a later place, and replayed again: it is what it was at first.
        let again = Replays.journal(MemoryObjectStore())
        var archived = sink.events[0]
        archived.sequence = "99/0"
        archived.id = "other"
        try await again.append([archived])
        spec.mayOverwrite = true
        let second = ReplayJobStore(again, time: .system)
        let next = try await second.create(spec)
        let last = ChaosSink()
        _ = try await ReplayJobRunner(second, sink: last).run(next.id)
        let sent = try #require(last.events.first)
        let record = try #require(ReplayedRecord(sent.data))
        #expect(record.payload == first.data && record.annotation.position == "7/0" && record.annotation.id == "1")
        #expect(record.annotation.job == next.id && record.annotation.mayOverwrite)
    }

    @Test("into another journal keep ids, so that what comes twice is there once")
    func journals() async throws {
        let (jobs, job) = try await job()
        let target = Replays.journal(MemoryObjectStore())
        try await target.append(Replays.events(10..<20))
        _ = try await ReplayJobRunner(jobs, sink: JournalReplaySink(target)).run(job.id)
        #expect(try await Replays.all(target) == Replays.all(journal))
    }

    @Test("are previewed without a trace")
    func preview() async throws {
        _ = try await job()
        let before = try await store.list(ListOptions()).objects.count
        var spec = ReplayJobSpec(sink: "-")
        spec.condition = "number > `9`"
        spec.isAnnotated = true
        let preview = try await ReplayPreview(of: spec, in: journal)
        #expect(preview.events == 50 && preview.first?.id == "event-10" && preview.last?.id == "event-59")
        #expect(preview.bytes > 50 * 100)
        #expect(try await store.list(ListOptions()).objects.count == before)
    }

    @Test("refuse what cannot be")
    func invalid() async throws {
        let (jobs, _) = try await job()
        for change: (inout ReplayJobSpec) -> Void in [
            { $0.batchRecords = 0 }, { $0.lease = .zero }, { $0.condition = "a b" },
        ] {
            var spec = ReplayJobSpec(sink: "x")
            change(&spec)
            let bad = spec
            await #expect(throws: (any Error).self) { _ = try await jobs.create(bad) }
        }
        await #expect(throws: ReplayJobError.self) { _ = try await jobs.job("../x") }
    }
}
