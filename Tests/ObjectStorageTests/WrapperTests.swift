import ObjectStorage
import ObjectStorageTesting
import Testing

@Suite("Stores that wrap another")
struct WrapperTests {
    @Test("A prefix is a store like any other", arguments: ObjectStoreConformance.checks)
    func prefixConforms(_ check: ObjectStoreConformance.Check) async throws {
        // The longest keys of the checks leave no room for a prefix.
        guard !check.name.contains("odd keys") else { return }
        let base = MemoryObjectStore()
        for key in ["part", "par/t", "part-1", "part1/x", "z"] { try await base.put(key, [9]) }
        try await check.run(on: PrefixedObjectStore(base, prefix: "part/of"))
        for key in ["part", "par/t", "part-1", "part1/x", "z"] {
            #expect(try await base.get(key, upTo: 1).bytes == [9], "\(key) was changed")
        }
    }

    @Test("Nothing outside a prefix is reached, and its location is one to open")
    func prefixBounds() async throws {
        let base = MemoryObjectStore(name: "base")
        try await base.put("outside", [1])
        let store = try PrefixedObjectStore(base, prefix: "a/b")
        #expect(store.location == "memory:base/a/b")
        try await store.put("c", [2])
        try await store.put("\u{301}accent", [3])
        #expect(try await base.listAll().collect(upTo: 9).map(\.key) == ["a/b/c", "a/b/\u{301}accent", "outside"])
        let keys = try await store.listAll().collect(upTo: 9).map { Array($0.key.utf8) }
        #expect(keys == [Array("c".utf8), Array("\u{301}accent".utf8)])
        await #expect(throws: ObjectStoreError(.invalidKey, "")) { try await store.get("../../outside", range: nil) }
        #expect(throws: ObjectStoreError(.invalidKey, "")) { try PrefixedObjectStore(base, prefix: "a/") }
        #expect(throws: ObjectStoreError(.invalidKey, "")) { try PrefixedObjectStore(base, prefix: "") }
        let long = String(repeating: "k", count: 1022)
        await #expect(throws: ObjectStoreError(.invalidKey, "")) { try await store.put(long, []) }
    }

    @Test("Counting changes nothing", arguments: ObjectStoreConformance.checks)
    func countingConforms(_ check: ObjectStoreConformance.Check) async throws {
        try await check.run(on: CountingObjectStore(MemoryObjectStore()))
    }

    @Test("Requests, bytes and keys are counted, and counting begins anew")
    func counts() async throws {
        let store = CountingObjectStore(MemoryObjectStore())
        try await store.put("a", [1, 2, 3])
        try await store.put("b", [1], mode: .ifAbsent)
        _ = try? await store.put("b", [1, 1], mode: .ifAbsent)
        _ = try await store.get("a", range: .range(1..<3))
        _ = try? await store.head("missing")
        try await store.copy("a", to: "c")
        try await store.upload("d") { upload in
            try await upload.write([1, 2])
            try await upload.write([3])
        }
        await (try store.beginUpload("e", mode: .overwrite)).abort()
        var options = ListOptions(limit: 3)
        options.continuation = try await store.list(options).continuation
        _ = try await store.list(options)
        _ = try await store.delete(["a", "b", "c"])
        let counts = store.reset()
        #expect(
            counts.requests == [
                .put: 3, .get: 1, .head: 1, .copy: 1, .beginUpload: 2, .writeUpload: 2, .completeUpload: 1,
                .abortUpload: 1, .list: 2, .delete: 1,
            ]
        )
        #expect(counts.total == 15)
        #expect(counts[.put] == 3)
        #expect(counts.bytesRead == 2)
        #expect(counts.bytesWritten == 9)
        #expect(counts.listedObjects == 4)
        #expect(counts.deletedKeys == 3)
        #expect(store.counts == CountingObjectStore.Counts())
    }
}
