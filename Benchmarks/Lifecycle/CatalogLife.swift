internal import BenchmarkTiming
private import EventJournal
private import ObjectStorage
private import ObjectStorageTesting

/// A journal with many commits behind it and many segments, and how long it takes a new process to open it.
struct CatalogLife {
    let path: String
    let commits: Int
    let segments: Int

    private func store() throws -> CountingObjectStore {
        CountingObjectStore(try ObjectStoreRegistry.standard.open(path))
    }

    /// One append and one commit after the other; those of the last ones stay segments of their own.
    func build() async throws {
        let journal = Journal(store: try store(), configuration: .defaults)
        var generator = EventGenerator(seed: 42, keys: 100)
        let start = Moment()
        for commit in 0..<commits {
            try await journal.append(generator.batch(20))
            var policy = CompactionPolicy.defaults
            if commit >= commits - segments { policy.targetObjectBytes = 1 }
            try await journal.compact(policy)
        }
        say("commits", Double(commits), "")
        say("one append and one commit", start.seconds * 1e3 / Double(commits), "ms")
    }

    /// Opens the journal anew, as a process does that has not seen it.
    func open() async throws {
        var (opening, lookingUp): ([Double], [Double]) = ([], [])
        for number in 0..<20 {
            let store = try store()
            let start = Moment()
            let journal = Journal(store: store, configuration: .defaults)
            let found = try await journal.segments()
            opening.append(start.seconds * 1e3)
            let id = String(decoding: EventGenerator.id(Int64(number * commits)), as: UTF8.self)
            guard try await journal.event(id) != nil else { throw Missing(id: id) }
            lookingUp.append(start.seconds * 1e3)
            if number == 0 {
                say("segments", Double(found.count), "")
                say("requests to open it and look one up", Double(store.counts.total), "")
            }
        }
        say("cold open, p50", opening.sorted()[10], "ms")
        say("cold open, longest", opening.max() ?? 0, "ms")
        say("cold open and look-up, p50", lookingUp.sorted()[10], "ms")
        say("resident memory, peak", Moment.peakMemory / 1e6, "MB")
    }
}
