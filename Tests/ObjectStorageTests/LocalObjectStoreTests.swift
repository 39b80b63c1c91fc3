import Foundation
import ObjectStorage
import Testing

@Suite("What only a directory does")
struct LocalObjectStoreTests {
    private let directory: TemporaryDirectory
    private let store: LocalObjectStore

    init() throws {
        directory = try TemporaryDirectory()
        store = LocalObjectStore(directory: directory.path + "/root")
    }

    private var root: String { directory.path + "/root" }

    @Test(
        "A key that could leave the directory, or reach the hidden one, is refused",
        arguments: [
            "../outside", "a/../../outside", "/etc/passwd", "a//b", ".highwater-tmp/put-x", "a/.highwater-tmp/x",
            ".highwater-tmp", String(repeating: "n", count: 256), "a/" + String(repeating: "ü", count: 128),
        ]
    )
    func refusedKeys(key: String) async throws {
        for mode in [PutMode.ifAbsent, .overwrite] {
            await #expect(throws: ObjectStoreError(.invalidKey, "")) { try await store.put(key, [1], mode: mode) }
        }
        await #expect(throws: ObjectStoreError(.invalidKey, "")) { try await store.get(key, range: nil) }
        await #expect(throws: ObjectStoreError(.invalidKey, "")) { try await store.delete(key) }
        #expect(directory.names() == [])
    }

    @Test("Opening and reading touch nothing; the first put creates the directory")
    func lazyCreation() async throws {
        #expect(try await store.listAll().collect(upTo: 0) == [])
        #expect(try await store.getIfPresent("a", upTo: 1) == nil)
        try await store.delete("a")
        #expect(directory.names() == [])
        try await store.put("a", [1], mode: .ifAbsent)
        #expect(directory.names() == ["root"])
        #expect(store.location == root)
    }

    @Test("The root of the file system can be a store", .timeLimit(.minutes(5)))
    func rootOfFileSystem() async throws {
        let slash = LocalObjectStore(directory: "/")
        #expect(slash.location == "/")
        let key = String((root + "/a").dropFirst())
        try await slash.put(key, [1], mode: .ifAbsent)
        #expect(try await slash.get(key, upTo: 9).bytes == [1])
        #expect(try await store.get("a", upTo: 9).bytes == [1])
    }

    @Test(
        "An object and a folder cannot have the same name; the error says so",
        arguments: [
            PutMode.ifAbsent, .overwrite,
        ]
    )
    func objectAndFolder(mode: PutMode) async throws {
        try await store.put("object", [1])
        try await store.put("folder/object", [2])
        for key in ["object/below", "object/deep/below"] {
            let error = await #expect(throws: ObjectStoreError.self) { try await store.put(key, [3], mode: mode) }
            #expect(error?.code == .invalidKey)
        }
        let error = await #expect(throws: ObjectStoreError.self) { try await store.put("folder", [3], mode: mode) }
        #expect(error?.code == .invalidKey)
        #expect(error?.message.contains(root + "/folder") == true)
        #expect(try await store.listAll().collect(upTo: 9).map(\.key) == ["folder/object", "object"])
        try await store.delete("folder/object")
        try await store.put("folder", [4], mode: mode)
        #expect(try await store.get("folder", upTo: 1).bytes == [4])
    }

    @Test("Files that are no objects are neither listed nor read")
    func strangers() async throws {
        try await store.put("folder/object", [1])
        try await store.put("object", [1])
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: root + "/link", withDestinationPath: root + "/object")
        try manager.createSymbolicLink(atPath: root + "/loop", withDestinationPath: root)
        try manager.createDirectory(atPath: root + "/empty/below", withIntermediateDirectories: true)
        try manager.createDirectory(atPath: root + "/folder/.highwater-tmp", withIntermediateDirectories: true)
        #expect(manager.createFile(atPath: root + "/folder/.highwater-tmp/put-1", contents: Data([1])))
        let made = unsafe mkfifo(root + "/pipe", 0o600)
        #expect(made == 0)
        #expect(manager.createFile(atPath: root + "/control\u{1}", contents: Data()))
        #if os(Linux)
        let name: [CChar] = (root + "/bad").utf8CString.dropLast() + [CChar(bitPattern: 0xFF), 0]
        let file = unsafe creat(name, 0o600)
        #expect(file >= 0)
        close(file)
        #endif
        #expect(try await store.listAll().collect(upTo: 9).map(\.key) == ["folder/object", "object"])
        let page = try await store.list(ListOptions(delimiter: "/"))
        #expect(page.commonPrefixes == ["folder/"])
        #expect(page.objects.map(\.key) == ["object"])
        for key in ["link", "pipe", "empty", "empty/below", "folder"] {
            #expect(try await store.getIfPresent(key, upTo: 1) == nil, "\(key)")
            #expect(try await store.exists(key) == false, "\(key)")
            if key != "link", key != "pipe" { try await store.delete(key) }
        }
        #expect(directory.names("root/folder") == [".highwater-tmp", "object"])
    }

    @Test("Temporary files of dead processes are removed, those at work and young ones are not")
    func leftovers() async throws {
        let scratch = root + "/.highwater-tmp"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        for name in ["put-old", "put-young", "put-held", "other"] {
            let age: TimeInterval = name == "put-young" ? 3000 : 4000
            #expect(
                FileManager.default.createFile(
                    atPath: scratch + "/" + name,
                    contents: Data([1]),
                    attributes: [.modificationDate: Date(timeIntervalSinceNow: -age)]
                )
            )
        }
        let held = unsafe Foundation.open(scratch + "/put-held", O_RDONLY)
        #expect(held >= 0 && flock(held, LOCK_EX) == 0)
        _ = try await store.listAll().collect(upTo: 0)
        #expect(directory.names("root/.highwater-tmp").contains("put-old"), "Reading cleans nothing")
        try await store.put("object", [1], mode: .ifAbsent)
        #expect(directory.names("root/.highwater-tmp") == ["other", "put-held", "put-young"])
        close(held)
    }

    @Test("An upload that is at work holds its temporary file, and gives it up at its end")
    func uploadFiles() async throws {
        var upload: (any ObjectUpload)? = try await store.beginUpload("object", mode: .overwrite)
        let name = try #require(directory.names("root/.highwater-tmp").first)
        let file = unsafe Foundation.open(root + "/.highwater-tmp/" + name, O_RDONLY)
        #expect(flock(file, LOCK_EX | LOCK_NB) != 0)
        close(file)
        try await upload?.write([1])
        upload = nil
        #expect(directory.names("root/.highwater-tmp") == [])
        let aborted = try await store.beginUpload("object", mode: .overwrite)
        await aborted.abort()
        #expect(directory.names("root/.highwater-tmp") == [])
    }

    @Test("Someone who deletes the directory while it is in use does not stop the next put")
    func deletedRoot() async throws {
        for mode in [PutMode.ifAbsent, .overwrite, .ifAbsent] {
            try await store.put("a/b/object", [1], mode: mode)
            try FileManager.default.removeItem(atPath: root)
            #expect(try await store.listAll().collect(upTo: 1) == [])
        }
    }

    @Test("An entity tag does not come again, even when the file's inode does")
    func entityTags() async throws {
        var tags: Set<String> = []
        for round in 0..<300 {
            let mode: PutMode = round.isMultiple(of: 2) ? .ifAbsent : .overwrite
            tags.insert(try await store.put("object", [1], mode: mode).entityTag)
            if !round.isMultiple(of: 2) { try await store.delete("object") }
        }
        #expect(tags.count == 300)
    }

    @Test("The bytes of keys decide, not how their letters look")
    func composedKeys() async throws {
        #if os(Linux)
        try await store.put("\u{E9}", [1], mode: .ifAbsent)
        try await store.put("e\u{301}", [2], mode: .ifAbsent)
        #expect(try await store.get("\u{E9}", upTo: 1).bytes == [1])
        #expect(try await store.get("e\u{301}", upTo: 1).bytes == [2])
        #expect(try await store.listAll(prefix: "e").collect(upTo: 9).count == 1)
        #endif
    }

    @Test("A relative path begins at the working directory of the opening, and slashes at the end do not matter")
    func locations() {
        let current = FileManager.default.currentDirectoryPath
        #expect(LocalObjectStore(directory: "x/y").location == current + "/x/y")
        #expect(LocalObjectStore(directory: ".").location == current)
        #expect(LocalObjectStore(directory: "/tmp//").location == "/tmp")
        #expect(LocalObjectStore(directory: "/").location == "/")
    }

    @Test(
        "A full disk is told, leaves no partial object, and works again when there is room",
        .enabled(
            if: TemporaryFileSystem.isAvailable,
            "\(TemporaryFileSystem.requirement)"
        )
    )
    func fullDisk() async throws {
        let disk = try TemporaryFileSystem(size: "1m")
        let store = LocalObjectStore(directory: disk.path + "/store")
        try await store.put("small", [1])
        let big = [UInt8](repeating: 7, count: 2 << 20)
        for mode in [PutMode.ifAbsent, .overwrite] {
            let error = await #expect(throws: ObjectStoreError.self) { try await store.put("big", big, mode: mode) }
            #expect(error?.code == .storageFull)
            await #expect(throws: ObjectStoreError(.storageFull, "")) {
                try await store.upload("big", mode: mode) { try await $0.write(big) }
            }
        }
        #expect(try await store.listAll().collect(upTo: 9).map(\.key) == ["small"])
        try await store.put("fits", [UInt8](repeating: 7, count: 700_000), mode: .ifAbsent)
        await #expect(throws: ObjectStoreError(.storageFull, "")) { try await store.copy("fits", to: "copy") }
        try await store.delete("fits")
        try await store.put("fits", [UInt8](repeating: 7, count: 900_000))
        #expect(try await store.get("small", upTo: 1).bytes == [1])
    }

    @Test(
        "A file system that cannot be written is told, and read all the same",
        .enabled(
            if: TemporaryFileSystem.isAvailable,
            "\(TemporaryFileSystem.requirement)"
        )
    )
    func readOnly() async throws {
        let disk = try TemporaryFileSystem(size: "1m")
        try await LocalObjectStore(directory: disk.path).put("object", [1])
        try disk.makeReadOnly()
        let store = LocalObjectStore(directory: disk.path)
        #expect(try await store.get("object", upTo: 1).bytes == [1])
        #expect(try await store.listAll().collect(upTo: 9).count == 1)
        for mode in [PutMode.ifAbsent, .overwrite] {
            let error = await #expect(throws: ObjectStoreError.self) { try await store.put("new", [1], mode: mode) }
            #expect(error?.code == .readOnly)
            #expect(error?.message.contains(disk.path) == true)
        }
        await #expect(throws: ObjectStoreError(.readOnly, "")) { try await store.delete("object") }
    }

    @Test("A directory without permission is told", .enabled(if: geteuid() != 0, "root may do everything"))
    func noPermission() async throws {
        try await store.put("folder/object", [1])
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: root + "/folder")
        await #expect(throws: ObjectStoreError(.permissionDenied, "")) {
            try await store.put("folder/new", [1], mode: .ifAbsent)
        }
        await #expect(throws: ObjectStoreError(.permissionDenied, "")) { try await store.delete("folder/object") }
        #expect(try await store.get("folder/object", upTo: 1).bytes == [1])
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root + "/folder")
    }
}
