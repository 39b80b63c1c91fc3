import Foundation
import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("A new journal and what else is at its place")
struct JournalRoomTests {
    /// A store with some objects, and a registry that opens it.
    private static func place(_ keys: String...) async throws -> (CountingObjectStore, ObjectStoreRegistry) {
        let memory = MemoryObjectStore()
        for key in keys { try await memory.put(key, [1]) }
        let store = CountingObjectStore(memory)
        var registry = ObjectStoreRegistry()
        registry.register(scheme: "place") { _ in store }
        return (store, registry)
    }

    @Test(
        "where there are other objects none begins: one is named, and nothing is written",
        arguments: ["README.md", "2024/visits.ndjson", "zebra", "_other/thing", "segment"]
    )
    func occupied(key: String) async throws {
        let (store, registry) = try await Self.place(key)
        let error = await #expect(throws: JournalError(.occupied, "")) {
            try await Journal.open("place://x", registry: registry)
        }
        #expect(error?.object == key)
        #expect(error?.message.contains(key) == true && error?.message.contains("empty") == true)
        #expect(store.counts[.put] == 0)
        #expect(store.counts[.list] == 3)
        let absent = await #expect(throws: JournalError(.storage, "")) {
            try await Journal.open("place://x", create: false, registry: registry)
        }
        #expect(absent?.message.contains("There is no journal") == true)
    }

    @Test("an empty place takes one more request, and a journal that is there none")
    func cost() async throws {
        let (store, registry) = try await Self.place()
        let journal = try await Journal.open("place://x", registry: registry)
        #expect(store.counts[.list] == 2)
        try await journal.put([1], id: "a")
        store.reset()
        _ = try await Journal.open("place://x", registry: registry)
        #expect(store.counts[.list] == 1)
    }

    @Test(
        "what an interrupted beginning, an archiver or a replay job left is no obstacle",
        arguments: [
            "segments/01a1fdda-6c0a-709f-95f4-576815b31ba0-0000.parquet", "_index/x-0-0000.idx", "_changes/x.parquet",
            "_delta_log/00000000000000000000.json", "_clock", "_marks/m.json", "_streams/ledger.json",
            "_replays/j.json", ".DS_Store", ".git/config",
        ]
    )
    func leftovers(key: String) async throws {
        let (_, registry) = try await Self.place(key)
        _ = try await Journal.open("place://x", registry: registry)
    }

    @Test("a journal that is there is opened whatever is beside it, also when its inbox is empty")
    func besideOthers() async throws {
        let (store, registry) = try await Self.place("A", "README.md", "z")
        let journal = Journal(store: store)
        try await journal.put([1], id: "a")
        _ = try await Journal.open("place://x", registry: registry)
        try await journal.compact()
        for key in try await store.listAll(prefix: "_inbox/").collect(upTo: 100).map(\.key) {
            try await store.delete(key)
        }
        let opened = try await Journal.open("place://x", registry: registry)
        #expect(try await opened.event("a") != nil)
    }

    @Test("what is behind hidden objects is seen", arguments: ["0", "README.md", "-"])
    func behindHidden(key: String) async throws {
        let (_, registry) = try await Self.place(".DS_Store", ".git/a", ".git/b", key)
        let error = await #expect(throws: JournalError(.occupied, "")) {
            try await Journal.open("place://x", registry: registry)
        }
        #expect(error?.object == key)
        let directory = try ScratchDirectory()
        for name in [".DS_Store", key] { try Data([1]).write(to: URL(filePath: directory.path + "/" + name)) }
        await #expect(throws: JournalError(.occupied, "")) { try await Journal.open(directory.path) }
    }

    @Test("temporary and hidden files are no obstacle in a directory")
    func temporaryFiles() async throws {
        let directory = try ScratchDirectory()
        try Data([1]).write(to: URL(filePath: directory.path + "/.DS_Store"))
        let hidden = directory.path + "/.highwater-tmp"
        try FileManager.default.createDirectory(atPath: hidden, withIntermediateDirectories: true)
        try Data([1]).write(to: URL(filePath: hidden + "/left"))
        let journal = try await Journal.open(directory.path)
        try await journal.put([1], id: "a")
        #expect(try await journal.event("a") != nil)
    }
}
