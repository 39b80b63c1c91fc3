import CloudTesting
import Foundation
import ObjectStorageTesting
import Synchronization

@testable import S3Storage

/// Faults of a way to S3: what each request meets.
enum Fault: Int, CaseIterable, Sendable {
    case reset, lostAnswer, busy, cut, slow, badGateway
}

/// A way to S3 with faults on it, which notes the requests.
final class FaultyWay: Sendable {
    private let proxy: TestProxy
    private let plan: @Sendable (Int, TestRequest) -> Fault?
    private let seen = Mutex<[TestRequest]>([])

    /// Makes a way.
    ///
    /// - Parameters:
    ///   - upstream: S3's `http://host:port`.
    ///   - plan: What a request meets, by its number; called for one at a time.
    init(to upstream: String, _ plan: @escaping @Sendable (Int, TestRequest) -> Fault?) {
        proxy = TestProxy(to: upstream)
        self.plan = plan
    }

    var requests: [TestRequest] { seen.withLock { $0 } }

    func handle(_ request: TestRequest) async throws -> TestReply {
        let fault = seen.withLock { seen in
            seen.append(request)
            return plan(seen.count - 1, request)
        }
        switch fault {
        case nil: return .answer(try await proxy.forward(request))
        case .reset: return .reset
        case .lostAnswer:
            _ = try await proxy.forward(request)
            return .reset
        case .busy:
            return .text(503, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")
        case .badGateway:
            _ = try await proxy.forward(request)
            return .text(502, "<html>Bad gateway</html>")
        case .cut:
            let answer = try await proxy.forward(request)
            return answer.body.isEmpty ? .reset : .cut(answer, at: answer.body.count / 2)
        case .slow:
            let answer = try await proxy.forward(request)
            return .slow(answer, bytes: max(1, answer.body.count / 4), pause: .milliseconds(5))
        }
    }

    /// Runs a closure with a store on a bucket of its own, reached by this way, and one that reaches it directly.
    static func run(
        _ plan: @escaping @Sendable (Int, TestRequest) -> Fault?,
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
