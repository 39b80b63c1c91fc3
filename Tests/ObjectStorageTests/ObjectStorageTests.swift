import Foundation
import ObjectStorage
import Testing

@Suite("Stores")
struct ObjectStorageTests {
    @Test("a local store and a memory store do the same", arguments: ["local", "memory"])
    func basics(kind: String) async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/highwater-\(UUID().uuidString)/x/y"
        let store: any ObjectStore =
            kind == "local" ? LocalObjectStore(directory: directory) : MemoryObjectStore()
        #expect(try await store.listAll().collect(upTo: 10).isEmpty)
        let first = try await store.put("a/b", [1, 2, 3], mode: .ifAbsent)
        #expect(try await store.head("a/b") == first)
        await #expect(throws: ObjectStoreError(.alreadyExists, "")) {
            try await store.put("a/b", [4], mode: .ifAbsent)
        }
        let second = try await store.put("a/b", [5], mode: .ifMatches(entityTag: first.entityTag))
        #expect(second.entityTag != first.entityTag)
        await #expect(throws: ObjectStoreError(.preconditionFailed, "")) {
            try await store.put("a/b", [4], mode: .ifMatches(entityTag: first.entityTag))
        }
        #expect(try await store.get("a/b", upTo: 10).bytes == [5])
        try await store.upload("c") { upload in
            try await upload.write([1])
            try await upload.write([2])
        }
        try await store.copy("c", to: "d/e/f")
        #expect(try await store.read("d/e/f", 1..<2) == [2])
        let page = try await store.list(ListOptions(delimiter: "/"))
        #expect(page.objects.map(\.key) == ["c"])
        #expect(page.commonPrefixes == ["a/", "d/"])
        var keys: [String] = []
        for try await object in store.listAll() { keys.append(object.key) }
        #expect(keys == ["a/b", "c", "d/e/f"])
        #expect(try await store.delete(["a/b", "c", "nothing"]).isEmpty)
        #expect(try await store.exists("c") == false)
        try await store.put("a", [])
        #expect(try await store.get("a", upTo: 0).bytes.isEmpty)
    }
}
