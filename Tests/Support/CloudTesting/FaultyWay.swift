internal import Synchronization

/// Faults of a way to S3: what each request meets.
public enum WayFault: Int, CaseIterable, Sendable {
    /// The connection is reset before the server has the request.
    case reset
    /// The request takes effect, and the connection is reset before the answer.
    case lostAnswer
    /// The server asks to come back later.
    case busy
    /// Half of the body comes; of an answer without a body nothing.
    case cut
    /// The body comes in pieces.
    case slow
    /// The request takes effect, and a gateway says it failed.
    case badGateway
}

/// A way to S3 with faults on it, which notes the requests.
public final class FaultyWay: Sendable {
    private let proxy: TestProxy
    private let plan: @Sendable (Int, TestRequest) -> WayFault?
    private let seen = Mutex<[TestRequest]>([])

    /// Makes a way.
    ///
    /// - Parameters:
    ///   - upstream: S3's `http://host:port`.
    ///   - plan: What a request meets, by its number; called for one at a time.
    public init(to upstream: String, _ plan: @escaping @Sendable (Int, TestRequest) -> WayFault?) {
        proxy = TestProxy(to: upstream)
        self.plan = plan
    }

    /// The requests so far.
    public var requests: [TestRequest] { seen.withLock { $0 } }

    /// Answers a request: what a ``TestServer`` asks.
    public func handle(_ request: TestRequest) async throws -> TestReply {
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
}
