import ObjectStorage
import ObjectStorageTesting
import Testing

@Suite("Every store does what a store must")
struct ConformanceTests {
    @Test("A local directory", arguments: ObjectStoreConformance.checks)
    func local(_ check: ObjectStoreConformance.Check) async throws {
        let directory = try TemporaryDirectory()
        try await check.run(on: LocalObjectStore(directory: directory.path + "/not/there/yet"))
        #expect(directory.names("not/there/yet/.highwater-tmp").filter { $0.hasPrefix("put-") } == [])
    }

    @Test("Memory", arguments: ObjectStoreConformance.checks)
    func memory(_ check: ObjectStoreConformance.Check) async throws {
        try await check.run(on: MemoryObjectStore())
    }
}
