import CloudTesting

@testable import S3Storage

extension FaultyWay {
    /// Runs a closure with a store on a bucket of its own, reached by this way, and one that reaches it directly.
    static func run(
        _ plan: @escaping @Sendable (Int, TestRequest) -> WayFault?,
        change: @escaping @Sendable (inout S3Configuration) -> Void = { _ in },
        _ body: @escaping @Sendable (_ store: S3ObjectStore, _ direct: S3ObjectStore, FaultyWay) async throws -> Void
    ) async throws {
        try await TestS3.withStore { direct in
            let way = FaultyWay(to: try TestS3.endpoint, plan)
            try await TestServer.run(way.handle) { url in
                var configuration = direct.client.configuration
                configuration.endpoint = url
                configuration.attempts = 30
                change(&configuration)
                try await body(S3ObjectStore(configuration, credentials: direct.client.credentials), direct, way)
            }
        }
    }
}
