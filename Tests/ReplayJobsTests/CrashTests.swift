import EventJournal
import ObjectStorage
import ObjectStorageTesting
import ReplayJobs
import Testing

@Suite("Jobs whose processes die while the journal changes")
struct CrashTests {
    /// What happens to a journal between two processes.
    private static func change(
        _ journal: Journal,
        _ number: Int,
        _ changed: inout Set<String>,
        _ random: inout SeededRandom
    ) async throws {
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            var policy = CompactionPolicy.defaults
            policy.force = true
            do { _ = try await journal.compact(policy) } catch let error as JournalError where error.code == .tooLittle
            {}
        case 1, 2:
            guard let event = try await Replays.all(journal).randomElement(using: &random) else { return }
            changed.insert(event.id)
            try await journal.delete(event.id)
        case 3:
            guard let event = try await Replays.all(journal).randomElement(using: &random) else { return }
            changed.insert(event.id)
            try await journal.update(event.id, data: Array("{\"updated\":\(number)}".utf8))
        default:
            let late = Event(
                id: "late-\(number)",
                timestamp: Timestamp(microseconds: 1_700_000_000_000_000 + .random(in: 0...60_000, using: &random)),
                key: "key-\(Int.random(in: 0..<4, using: &random))",
                data: Array("{}".utf8)
            )
            try await journal.append([late])
        }
    }

    @Test(
        "each record comes, those of a key in order, and a batch at most comes again for each death",
        arguments: [false, true]
    )
    func atLeastOnce(latestPerKey: Bool) async throws {
        let start = UInt64.random(in: 0 ... .max)
        for seed in (0..<25).map({ start &+ $0 }) {
            var random = SeededRandom(seed: seed)
            let store = MemoryObjectStore()
            let journal = Replays.journal(store)
            let keys = latestPerKey ? 30 : 4
            let events = Replays.events(0..<90, keys: keys)
            for start in stride(from: 0, to: 90, by: 15) {
                try await journal.append(events[start..<start + 15].shuffled(using: &random))
            }
            let time = JobTime()
            var spec = ReplayJobSpec(sink: "chaos")
            spec.latestPerKey = latestPerKey
            if !latestPerKey, Bool.random(using: &random) {
                spec.condition = "contains(to_string(number), '1') || updated"
            }
            spec.batchRecords = Int.random(in: 1...8, using: &random)
            let jobs = ReplayJobStore(journal, time: time.course)
            let job = try await jobs.create(spec)
            let wanted = try await Replays.all(
                journal,
                ReplayOptions(latestPerKey: latestPerKey, selection: EventSelection(where: spec.condition ?? "`true`"))
            )
            let sink = ChaosSink(seed: seed, failures: 0.1)
            var changed: Set<String> = []
            var deaths = 0
            while try await jobs.job(job.id).state != .done {
                let isLast = deaths == 12
                if isLast { sink.failures = 0 }
                let mortal = MortalStore(
                    store,
                    puts: isLast ? .max : Int.random(in: 1...9, using: &random),
                    hasLastEffect: Bool.random(using: &random)
                )
                let process = ReplayJobStore(Replays.journal(mortal), time: time.course)
                do {
                    _ = try await ReplayJobRunner(process, sink: sink, grace: .zero).run(job.id)
                } catch is ChaosSink.Failure {
                    deaths += 1
                } catch let error as ObjectStoreError where error.message == MortalStore.death.message {
                    deaths += 1
                } catch let error as JournalError where error.code == .storage {
                    deaths += 1
                }
                if Bool.random(using: &random) { try await Self.change(journal, deaths, &changed, &random) }
            }
            let sent = sink.events
            let ids = Set(sent.map(\.id))
            let left = try await Replays.all(journal)
            if latestPerKey {
                // Of each key that had and has an event something was sent; where nothing changed, the last one.
                let sentKeys = Set(sent.compactMap(\.key))
                let lost = Set(wanted.compactMap(\.key)).intersection(left.compactMap(\.key)).subtracting(sentKeys)
                #expect(lost.isEmpty, "seed \(seed)")
                let late = Set(left.filter { $0.id.hasPrefix("late") }.compactMap(\.key))
                for event in wanted where !changed.contains(event.id) && !late.contains(event.key ?? "") {
                    #expect(ids.contains(event.id), "seed \(seed): \(event.id) is missing")
                }
            } else {
                for event in wanted where !changed.contains(event.id) {
                    #expect(ids.contains(event.id), "seed \(seed): \(event.id) is missing")
                }
                // An event that is late, or matches since an update, may come between a batch and its repetition: then
                // the last that comes is in order.
                let first = sent.unrepeated.filter { !$0.id.hasPrefix("late") && !changed.contains($0.id) }
                let last = Array(sent.reversed()).unrepeated.reversed().filter { !changed.contains($0.id) }
                for order in [first, Array(last)] {
                    for (_, events) in Dictionary(grouping: order, by: \.key) {
                        #expect(events.map(\.timestamp) == events.map(\.timestamp).sorted(), "seed \(seed)")
                    }
                }
            }
            let repeated = sent.count - ids.count
            #expect(repeated <= deaths * (spec.batchRecords ?? 0), "seed \(seed)")
        }
    }

    @Test("a key whose last event is deleted while the job rests is sent as what it is by then")
    func deletedLatest() async throws {
        let store = MemoryObjectStore()
        let journal = Replays.journal(store)
        func event(_ id: String, _ key: String, _ time: Int64) -> Event {
            Event(id: id, timestamp: Timestamp(microseconds: time), key: key, data: Array("{}".utf8))
        }
        try await journal.append([
            event("a1", "a", 1), event("b1", "b", 2), event("c1", "c", 3), event("d1", "d", 4), event("a2", "a", 9),
        ])
        let time = JobTime()
        let jobs = ReplayJobStore(journal, time: time.course)
        var spec = ReplayJobSpec(sink: "chaos")
        spec.latestPerKey = true
        spec.batchRecords = 1
        spec.lease = .seconds(60)
        let job = try await jobs.create(spec)
        let sink = ChaosSink()
        // The owner is noted, then the keys, that it has begun, then b1 and c1.
        let mortal = ReplayJobStore(
            Replays.journal(MortalStore(store, puts: 6, hasLastEffect: false)),
            time: time.course
        )
        await #expect(throws: (any Error).self) { try await ReplayJobRunner(mortal, sink: sink).run(job.id) }
        #expect(sink.events.map(\.id) == ["b1", "c1", "d1"])
        try await journal.delete("a2")
        try await journal.delete("c1")
        let done = try await ReplayJobRunner(jobs, sink: sink).run(job.id)
        #expect(done.state == .done)
        #expect(sink.events.map(\.id) == ["b1", "c1", "d1", "a1", "d1"])
    }
}
