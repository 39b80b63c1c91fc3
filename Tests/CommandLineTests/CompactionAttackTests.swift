import Foundation
import Testing

/// Writers, compactors, vacuums and a follower as real processes, killed at random moments.
@Suite("Compaction under attack", .serialized)
struct CompactionAttackTests {
    /// What the killed processes have promised.
    private struct Promises {
        /// Ids of events whose append was acknowledged.
        var appended: Set<String> = []
        var updated: Set<String> = []
        var deleted: Set<String> = []
        /// Updates and deletes that were begun; whether they took effect is known of those above only.
        var begun: Set<String> = []
        var compactions = 0

        /// Whether so much was done that surviving it says something.
        var areEnough: Bool { compactions > 10 && updated.count > 5 && deleted.count > 5 }

        mutating func add(_ outcome: Program.Outcome, batchSize: Int) {
            // The last line may be cut by the kill; it ends without a newline then.
            guard let end = outcome.output.lastIndex(of: "\n") else { return }
            for line in outcome.output[..<end].split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                guard words.count > 1 else { continue }
                switch words[0] {
                case "acknowledged": appended.formUnion((0..<batchSize).map { "\(words[1])-\($0)" })
                case "updating", "deleting": begun.insert(words[1])
                case "updated": updated.insert(words[1])
                case "deleted": deleted.insert(words[1])
                case "compacted": compactions += 1
                default: continue
                }
            }
        }
    }

    /// A line of `replay --format event` or `follow --format event`.
    private struct Line: Decodable {
        struct Payload: Decodable {
            var id: String
            var updated: Bool?
        }
        var id: String
        var op: String?
        var data: Payload?
    }

    private func lines(_ outcome: Program.Outcome) throws -> [Line] {
        guard let end = outcome.output.lastIndex(of: "\n") else { return [] }
        return try outcome.output[..<end].split(separator: "\n")
            .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    /// So many times at least they are killed; more often where they get little done in between.
    private static let rounds = 40
    /// Then it is given up.
    private static let limit = Duration.seconds(600)

    @Test("kill -9 of writers, compactors, vacuums and a follower, 40 times: nothing lost, nothing twice, no rubbish")
    func storm() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        try #require(try await Program.highwater.run("put", journal, #"{"id":"first"}"#, "--id", "first").status == 0)
        var promises = Promises()
        promises.appended.insert("first")
        var followed: [Line] = []
        var round = 0
        let end = ContinuousClock.now + Self.limit
        while round < Self.rounds || !promises.areEnough, ContinuousClock.now < end {
            defer { round += 1 }
            let writer = try Program.journalWriter.start(["change", journal, "w\(round)", "100000", "8"])
            let compactors = try (0..<2)
                .map { _ in try Program.journalWriter.start(["compact", journal, "20000"]) }
            let command = round.isMultiple(of: 2) ? ["compact", "--apply-changes", "--force"] : ["vacuum"]
            let program = try Program.highwater.start([command[0], journal] + command.dropFirst())
            let follower = try Program.highwater.start(
                ["follow", journal, "--mark", "m", "--format", "event", "--longest-interval", "0.05"]
            )
            // A machine that is so busy that little was done until now gets more and more time.
            let patience = 1 + Double(max(0, round - Self.rounds)) / 5
            try await Task.sleep(for: .seconds(Double.random(in: 0.05...1.2) * patience))
            for process in (compactors + [follower, program, writer]).shuffled() { process.kill() }
            promises.add(await writer.wait(), batchSize: 8)
            for compactor in compactors {
                let outcome = await compactor.wait()
                #expect(outcome.wasSignalled, "a compactor ended by itself: \(outcome.error)")
                promises.add(outcome, batchSize: 0)
            }
            let outcome = await follower.wait()
            #expect(outcome.wasSignalled, "the follower ended by itself: \(outcome.error)")
            followed += try lines(outcome)
            _ = await program.wait()
        }
        let counts = (promises.compactions, promises.updated.count, promises.deleted.count)
        try #require(promises.areEnough, "after \(round) rounds \(counts)")

        let there = try await check(journal, promises)
        // The follower misses nothing; what it wrote behind its mark it writes again.
        let last = try await Program.highwater.run(
            ["follow", journal, "--mark", "m", "--format", "event", "--until-caught-up"]
        )
        try #require(last.status == 0, "\(last.error)")
        followed += try lines(last)
        var state: [String: Bool] = [:]
        for line in followed { state[line.id] = line.op == "delete" ? nil : line.data?.updated ?? false }
        for id in Set(state.keys).union(there.keys).sorted() where state[id] != there[id] {
            let told = followed.enumerated().filter { $0.element.id == id }
                .map { "\($0.offset): \($0.element.op ?? "put") \($0.element.data?.updated ?? false)" }
            Issue.record(
                """
                \(id): there \(there[id].map(String.init) ?? "not"), followed \(state[id].map(String.init) ?? "not"), told \(told) \
                of \(followed.count); begun \(promises.begun.contains(id)), updated \(promises.updated.contains(id)), \
                deleted \(promises.deleted.contains(id))
                """
            )
        }
        #expect(Set(followed.map(\.id)).isSuperset(of: promises.appended.subtracting(promises.begun)))

        // No rubbish that vacuum does not clear.
        let compact = try await Program.highwater.run(
            ["compact", journal, "--apply-changes", "--thorough", "--force"]
        )
        try #require(compact.status == 0, "\(compact.error)")
        let files = JournalFiles(path: journal)
        try files.age(hours: 2)
        let vacuum = try await Program.highwater.run(["vacuum", journal, "--retention", "1h", "--json"])
        try #require(vacuum.status == 0, "\(vacuum.error)")
        #expect(try await check(journal, promises) == there)
        let segments = try await Program.highwater.run("segments", journal, "--json")
        let named = try segments.output.split(separator: "\n")
            .map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
            .map { try #require($0["object"] as? String) }
        #expect(try files.names("segments") == named.map { String($0.dropFirst("segments/".count)) }.sorted())
        let inbox = try files.names("_inbox")
        // The announcement of the last version stays when that absorbed something: that none comes cannot be known.
        let announced = inbox.filter { $0.hasPrefix("~commit-") }
        #expect(announced.count <= 1 && inbox.count == 1 + announced.count, "\(inbox)")
        #expect(inbox.contains { $0.hasPrefix("~catalog-") }, "\(inbox)")
        #expect(try files.names("_index").count < 10)
        #expect(try files.names(".highwater-tmp").allSatisfy { !$0.hasPrefix("put-") })
    }

    /// Holds a journal against what was promised; returns what it has: whether each event is updated.
    private func check(_ journal: String, _ promises: Promises) async throws -> [String: Bool] {
        let replay = try await Program.highwater.run("replay", journal, "--format", "event")
        try #require(replay.status == 0, "\(replay.error)")
        let lines = try lines(replay)
        let there = Dictionary(lines.map { ($0.id, $0.data?.updated ?? false) }, uniquingKeysWith: { $0 || $1 })
        #expect(there.count == lines.count, "an event is there twice")
        #expect(promises.appended.subtracting(promises.begun).isSubset(of: there.keys), "an event is lost")
        #expect(promises.updated.allSatisfy { there[$0] == true }, "an update is lost")
        #expect(promises.deleted.allSatisfy { there[$0] == nil }, "a deleted event is there")
        let unchanged = there.keys.filter { !promises.begun.contains($0) }
        #expect(unchanged.allSatisfy { there[$0] == false })
        let verify = try await Program.highwater.run("verify", journal)
        #expect(verify.status == 0, "\(verify.output)\(verify.error)")
        for id in promises.updated.sorted().prefix(3) {
            let get = try await Program.highwater.run("get", journal, id)
            #expect(get.output.contains("updated"), "\(get.error)")
        }
        return there
    }
}
