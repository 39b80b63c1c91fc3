import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("Index against a dictionary")
struct IndexPropertyTests {
    /// How the ids of a program hash.
    enum Spread: Sendable, CaseIterable {
        /// As XXH64 does.
        case even
        /// Few hashes for many ids: collisions in the upper 48 bits are the rule.
        case colliding
        /// All in one corner but for a few, so that interpolation is wrong.
        case lopsided

        func hash(_ random: inout SeededRandom) -> UInt64 {
            switch self {
            case .even: random.next()
            case .colliding: (random.next() % 40) << 52 | random.next() & 0xFFFF
            case .lopsided: random.next() % 50 == 0 ? random.next() : random.next() >> 24
            }
        }
    }

    @Test("answers as a dictionary does, whatever was added in how many steps", arguments: Spread.allCases, 0..<8)
    func randomPrograms(spread: Spread, seed: Int) async throws {
        var random = SeededRandom(seed: UInt64(seed) &* 977 &+ 5)
        var limits = IndexLimits()
        limits.entriesPerRun = Int.random(in: 100...6000, using: &random)
        limits.topEntries = Int.random(in: 0...4000, using: &random)
        limits.bufferedEntries = Int.random(in: 500...5000, using: &random)
        limits.spills = Int.random(in: 1...4, using: &random)
        var index = IndexFixture(limits: limits)
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            var entries: [IndexEntry] = []
            for _ in 0..<Int.random(in: 0...3000, using: &random) {
                let timestamp: Int64 =
                    switch random.next() % 20 {
                    case 0: .max
                    case 1: .min + 1
                    default: Int64(random.next() % 1000) - 500
                    }
                entries.append(IndexEntry(hash: spread.hash(&random), timestamp: timestamp))
                if random.next() % 10 == 0, let again = entries.randomElement(using: &random) { entries.append(again) }
            }
            try await index.add(entries)
        }
        try await expectAgreement(index, spread, &random, "seed \(seed), \(spread)")
    }

    private func expectAgreement(
        _ index: IndexFixture,
        _ spread: Spread,
        _ random: inout SeededRandom,
        _ comment: Comment
    ) async throws {
        // Once whole, once by page.
        for smallRun in [0, IndexReader.standardSmallRun] {
            let reader = IndexReader(store: index.store, smallRun: smallRun)
            var hashes = index.model.keys.sorted().shuffled(using: &random)
            for _ in 0..<200 { hashes.append(spread.hash(&random)) }
            hashes.append(contentsOf: [0, .max, hashes[0], hashes[0]])
            for hash in hashes.suffix(300) {
                let found = try await reader.timestamps(hash: hash, runs: index.runs)
                #expect(found == index.expected(hash), "single, \(comment)")
            }
            let found = try await reader.timestamps(hashes: hashes, runs: index.runs).map { IndexMatch($0, $1) }
            let expected = hashes.enumerated()
                .flatMap { position, hash in
                    index.expected(hash).map { IndexMatch(position, $0) }
                }
            #expect(found == expected, "bulk, \(comment)")
        }
        for run in index.runs { try await IndexReader(store: index.store).check(run) }
        // Nothing is left of what was put aside: each object is one that was in the index at some time.
        let spills = try await index.store.listAll(prefix: IndexRun.folder).collect(upTo: 100_000)
            .filter { $0.key.contains("-\(IndexRun.Level.spill.number)-") }
        #expect(spills.isEmpty, comment)
    }

    @Test("finds all of a run that needs many reads", arguments: [1, 2])
    func largeRun(seed: UInt64) async throws {
        var index = IndexFixture()
        index.limits.topEntries = 0
        try await index.add(IndexFixture.entries(100_000, seed: seed))
        try await index.add(IndexFixture.entries(6000, seed: seed + 100))
        #expect(index.runs.map(\.level) == [.top, .bottom] || index.runs.map(\.level) == [.bottom])
        let reader = IndexReader(store: index.store)
        var random = SeededRandom(seed: seed + 1_000_000)
        let hashes = index.model.keys.sorted().shuffled(using: &random)
        for part in [hashes.prefix(10), hashes.prefix(3000), hashes[...]] {
            let absent = (0..<part.count).map { _ in random.next() }
            let found = try await reader.timestamps(hashes: part + absent, runs: index.runs).map { IndexMatch($0, $1) }
            let expected = part.enumerated()
                .flatMap { position, hash in
                    index.expected(hash).map { IndexMatch(position, $0) }
                }
            #expect(found == expected, "seed \(seed)")
        }
        for hash in hashes.prefix(500) {
            #expect(try await reader.timestamps(hash: hash, runs: index.runs) == index.expected(hash), "seed \(seed)")
        }
    }

    @Test("sorts and merges as the standard library does", arguments: [0, 1, 2, 1023, 1024, 5000, 70_000])
    func order(count: Int) {
        var random = SeededRandom(seed: UInt64(count))
        for shift in [UInt64(0), 40, 54] {
            var entries = (0..<count)
                .map { _ in
                    IndexEntry(hash: random.next() >> shift, timestamp: Int64(random.next() % 7) - 3)
                }
            let expected = entries.sorted()
            let parts = stride(from: 0, to: count, by: max(1, count / 5))
                .map { start in
                    entries[start..<min(count, start + max(1, count / 5))].sorted()[...]
                }
            #expect(IndexEntry.merge(parts) == expected)
            IndexEntry.sort(&entries)
            #expect(entries == expected)
        }
    }
}
