import ObjectStorageTesting
import S3Storage
import Testing

@Suite("S3 does what a store must")
struct S3ConformanceTests {
    @Test("A bucket", arguments: ObjectStoreConformance.checks)
    func bucket(_ check: ObjectStoreConformance.Check) async throws {
        try await TestS3.withStore { try await check.run(on: $0) }
    }

    @Test(
        "Small parts and ranges, signed chunks",
        arguments: ObjectStoreConformance.checks.filter { !$0.name.contains("odd keys") }
    )
    func smallParts(_ check: ObjectStoreConformance.Check) async throws {
        try await TestS3.withStore(prefix: "some/where") { configuration in
            configuration.bodySigning = .chunks
            configuration.partBytes = 5 << 20
            configuration.rangeBytes = 300_000
        } _: { store in
            try await check.run(on: store)
        }
    }
}
