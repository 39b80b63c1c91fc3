import ObjectStorage
import ObjectStorageTesting
import Testing

@Suite("Injected faults")
struct FaultTests {
    private let base = MemoryObjectStore()

    private func store(_ rules: FaultPlan.Rule..., seed: UInt64 = 0) -> FaultInjectingObjectStore {
        FaultInjectingObjectStore(base, plan: FaultPlan(seed: seed, rules: rules))
    }

    @Test("Delays and turns given to others change no result", arguments: ObjectStoreConformance.checks)
    func conforms(_ check: ObjectStoreConformance.Check) async throws {
        let plan = FaultPlan(
            seed: 7,
            rules: [
                .init(.yieldBefore(3), .probability(0.5)), .init(.yieldAfter(2), .probability(0.5)),
                .init(.delayBefore(.microseconds(50)), on: [.put, .list], .probability(0.05)),
            ]
        )
        try await check.run(on: FaultInjectingObjectStore(MemoryObjectStore(), plan: plan))
    }

    @Test("An error before the effect leaves no effect")
    func errorBefore() async throws {
        let store = store(.init(.errorBefore(.unavailable)))
        await #expect(throws: ObjectStoreError(.unavailable, "")) { try await store.put("a", [1]) }
        await #expect(throws: ObjectStoreError(.unavailable, "")) { try await store.get("a", range: nil) }
        await #expect(throws: ObjectStoreError(.unavailable, "")) { try await store.head("a") }
        await #expect(throws: ObjectStoreError(.unavailable, "")) { try await store.list(ListOptions()) }
        await #expect(throws: ObjectStoreError(.unavailable, "")) { try await store.beginUpload("a", mode: .ifAbsent) }
        try await base.put("b", [2])
        await #expect(throws: ObjectStoreError(.unavailable, "")) { try await store.copy("b", to: "a") }
        await #expect(throws: ObjectStoreError(.unavailable, "")) { try await store.delete("b") }
        #expect(try await base.listAll().collect(upTo: 9).map(\.key) == ["b"])
        #expect(store.log.map(\.request.operation) == [.put, .get, .head, .list, .beginUpload, .copy, .delete])
    }

    @Test("An error after the effect leaves it, and hides the answer")
    func errorAfter() async throws {
        let store = store(.init(.errorAfter(.timedOut), on: [.put, .copy, .completeUpload, .delete]))
        await #expect(throws: ObjectStoreError(.timedOut, "")) { try await store.put("a", [1], mode: .ifAbsent) }
        #expect(try await base.get("a", upTo: 1).bytes == [1])
        // A retry loses against the put that won although its answer was lost, and that answer is lost, too.
        await #expect(throws: ObjectStoreError(.timedOut, "")) { try await store.put("a", [2], mode: .ifAbsent) }
        #expect(try await base.get("a", upTo: 1).bytes == [1])
        await #expect(throws: ObjectStoreError(.timedOut, "")) { try await store.copy("a", to: "b") }
        await #expect(throws: ObjectStoreError(.timedOut, "")) {
            try await store.upload("c") { try await $0.write([3]) }
        }
        #expect(try await base.listAll().collect(upTo: 9).map(\.key) == ["a", "b", "c"])
        await #expect(throws: ObjectStoreError(.timedOut, "")) { try await store.delete("a") }
        #expect(try await base.exists("a") == false)
    }

    @Test("A deletion of many fails key by key")
    func deletions() async throws {
        for key in ["a", "b1", "c", "d1", "e"] { try await base.put(key, []) }
        let store = store(
            .init(.errorBefore(.unavailable), on: [.delete], keyPrefix: "b"),
            .init(.errorAfter(.timedOut), on: [.delete], keyPrefix: "d")
        )
        let failures = try await store.delete(["a", "b1", "/", "d1", "e"])
        #expect(failures.map(\.key) == ["b1", "/", "d1"])
        #expect(failures.map(\.error.code) == [.unavailable, .invalidKey, .timedOut])
        #expect(try await base.listAll().collect(upTo: 9).map(\.key) == ["b1", "c"])
    }

    @Test("Only the requests of a rule meet its fault")
    func rules() async throws {
        let store = store(
            .init(.errorBefore(.unavailable), on: [.put], keyPrefix: "x/", .occurrences([1, 2])),
            .init(.errorBefore(.failed), on: [.head])
        )
        var results: [Bool] = []
        for _ in 0..<4 { results.append((try? await store.put("x/1", [1])) != nil) }
        #expect(results == [true, false, false, true])
        try await store.put("y", [1])
        try await store.put("x/2", [1])
        await #expect(throws: ObjectStoreError(.failed, "")) { try await store.head("y") }
        store.isEnabled = false
        #expect(try await store.head("y").size == 1)
        #expect(
            store.log == [
                InjectedFault(
                    request: .init(operation: .put, key: "x/1", occurrence: 1),
                    fault: .errorBefore(.unavailable)
                ),
                InjectedFault(
                    request: .init(operation: .put, key: "x/1", occurrence: 2),
                    fault: .errorBefore(.unavailable)
                ),
                InjectedFault(request: .init(operation: .head, key: "y", occurrence: 0), fault: .errorBefore(.failed)),
            ]
        )
    }

    @Test("A truncated body is noticed by who reads it all or exactly")
    func truncation() async throws {
        let store = store(.init(.truncate(0.5)))
        try await base.put("object", [UInt8](repeating: 1, count: 101))
        #expect(try await store.get("object", range: nil).bytes.count == 50)
        #expect(try await store.get("object", range: nil).metadata.size == 101)
        await #expect(throws: ObjectStoreError(.damaged, "")) { try await store.get("object", upTo: 1000) }
        await #expect(throws: ObjectStoreError(.damaged, "")) { try await store.read("object", 0..<100) }
    }

    @Test("Delays are waited for where they are planned")
    func delays() async throws {
        let waits = Locked<[Duration]>([])
        let plan = FaultPlan(rules: [
            .init(.delayBefore(.seconds(5)), on: [.put]), .init(.delayAfter(.seconds(7)), on: [.put, .get]),
        ])
        let store = FaultInjectingObjectStore(base, plan: plan) { duration in waits.withLock { $0.append(duration) } }
        try await store.put("object", [])
        _ = try? await store.get("missing", range: nil)
        _ = try await store.get("object", range: nil)
        #expect(waits.withLock { $0 } == [.seconds(5), .seconds(7), .seconds(7)])
    }

    @Test("The same seed gives the same faults however tasks take turns, another seed others")
    func determinism() async throws {
        func faults(seed: UInt64) async -> Set<InjectedFault> {
            let store = store(
                .init(.errorBefore(.unavailable), on: [.put], .probability(0.3)),
                .init(.errorAfter(.timedOut), .probability(0.1)),
                seed: seed
            )
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for round in 0..<50 {
                            _ = try? await store.put("task/\(task)/\(round % 10)", [])
                            _ = try? await store.get("task/\(task)/\(round % 10)", range: nil)
                        }
                    }
                }
            }
            return Set(store.log)
        }
        let first = await faults(seed: 1)
        #expect(await faults(seed: 1) == first)
        #expect(await faults(seed: 2) != first)
        let puts = first.filter { $0.fault == .errorBefore(.unavailable) }.count
        #expect((80...160).contains(puts), "\(puts) of 400 puts failed with probability 0.3")
    }

    @Test("Random numbers of a seed never change")
    func randomness() {
        var random = SeededRandom(seed: 1_234_567)
        // From the reference implementation of SplitMix64.
        #expect(
            (0..<3).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ]
        )
    }
}
