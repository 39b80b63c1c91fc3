import Foundation
import ObjectStorage
import Synchronization
import Testing

@Suite("A local put is durable, step by step")
struct LocalDurabilityTests {
    /// The steps of a store, which can be made to fail.
    private final class Steps: Sendable {
        let done = Mutex<[LocalStep]>([])
        let failure = Mutex<(step: LocalStep, error: SystemError)?>(nil)

        func record(_ step: LocalStep) throws(SystemError) {
            done.withLock { $0.append(step) }
            let failure = failure.withLock { $0 }
            if let failure, failure.step == step { throw failure.error }
        }

        func take() -> [LocalStep] {
            done.withLock { done in
                defer { done = [] }
                return done
            }
        }
    }

    private func open(_ directory: String, _ steps: Steps) -> LocalObjectStore {
        LocalObjectStore(directory: directory, threads: .shared) { step throws(SystemError) in try steps.record(step) }
    }

    @Test(
        "The bytes are on stable storage before the name, and the name before the answer",
        arguments: [
            PutMode.ifAbsent, .overwrite,
        ]
    )
    func order(mode: PutMode) async throws {
        let directory = try TemporaryDirectory()
        let steps = Steps()
        let root = directory.path + "/root"
        let store = open(root, steps)
        try await store.put("a/b/object", [1], mode: mode)
        let first = steps.take()
            .filter { step in
                // A new root is made durable as it is created, and where the scratch directory is matters to nobody.
                step != .synchronizeDirectory(directory.path) || mode == .ifAbsent
            }
        let place = try #require(first.firstIndex(of: .place(root + "/a/b/object")))
        let data = try #require(first.firstIndex(of: .synchronizeData))
        #expect(try #require(first.firstIndex(of: .write)) < data)
        #expect(data < place)
        for directory in [root + "/a/b", root + "/a", root] {
            #expect(first.lastIndex(of: .synchronizeDirectory(directory)) ?? 0 > place, "\(directory)")
        }
        try await store.put("a/b/second", [1], mode: mode)
        #expect(
            steps.take() == [
                .write, .synchronizeData, .place(root + "/a/b/second"), .synchronizeDirectory(root + "/a/b"),
            ]
        )
        // Another store cannot know what the first one has synchronised.
        let other = open(root, steps)
        try await other.put("a/b/third", [1], mode: mode)
        #expect(steps.take().contains(.synchronizeDirectory(root + "/a")))
        try await store.delete("a/b/third")
        #expect(steps.take() == [.synchronizeDirectory(root + "/a/b")])
        try await store.upload("a/b/fourth", mode: mode) { try await $0.write([1]) }
        #expect(
            steps.take() == [
                .write, .synchronizeData, .place(root + "/a/b/fourth"), .synchronizeDirectory(root + "/a/b"),
            ]
        )
    }

    @Test(
        "A synchronisation that fails is an error, is not tried again, and leaves no object",
        arguments: [
            PutMode.ifAbsent, .overwrite,
        ]
    )
    func failedSynchronization(mode: PutMode) async throws {
        let directory = try TemporaryDirectory()
        let steps = Steps()
        let store = open(directory.path, steps)
        steps.failure.withLock { $0 = (.synchronizeData, SystemError(number: EIO)) }
        let error = await #expect(throws: ObjectStoreError.self) { try await store.put("object", [1], mode: mode) }
        #expect(error?.code == .failed)
        #expect(steps.take().filter { $0 == .synchronizeData }.count == 1)
        #expect(directory.names().filter { $0 != ".highwater-tmp" } == [])
        #expect(directory.names(".highwater-tmp").filter { $0.hasPrefix("put-") } == [])
        steps.failure.withLock { $0 = (.synchronizeDirectory(directory.path), SystemError(number: EIO)) }
        await #expect(throws: ObjectStoreError(.failed, "")) { try await store.put("object", [1], mode: mode) }
        // It may not survive a loss of power, but it is there whole.
        #expect(try await store.get("object", upTo: 1).bytes == [1])
    }

    @Test(
        "What the system says is told by code, with the path",
        arguments: [
            (ENOSPC, ObjectStoreError.Code.storageFull), (EDQUOT, .storageFull), (EROFS, .readOnly),
            (EACCES, .permissionDenied), (EPERM, .permissionDenied), (ENAMETOOLONG, .invalidKey),
            (ENOTDIR, .invalidKey),
            (EMFILE, .unavailable), (EIO, .failed), (EFBIG, .storageFull),
        ]
    )
    func codes(number: Int32, code: ObjectStoreError.Code) async throws {
        let directory = try TemporaryDirectory()
        let steps = Steps()
        let store = open(directory.path, steps)
        let path = directory.path + "/object"
        for step in [LocalStep.write, .synchronizeData, .place(path)] {
            steps.failure.withLock { $0 = (step, SystemError(number: number)) }
            let error = await #expect(throws: ObjectStoreError.self) {
                try await store.put("object", [1], mode: .ifAbsent)
            }
            #expect(error?.code == code)
            #expect(error?.message.contains(path) == true)
            #expect(error?.cause as? SystemError == SystemError(number: number))
        }
        #expect(try await store.exists("object") == false)
    }
}
