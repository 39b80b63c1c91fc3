internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A request that came to a ``TestServer``, whole.
public struct TestRequest: Sendable {
    /// The method.
    public var method: String
    /// Path and query, as they were sent.
    public var target: String
    /// Names in small letters, and values.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// The first header of a name in small letters.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// How a ``TestServer`` answers.
public enum TestReply: Sendable {
    /// As it should be.
    case answer(Answer)
    /// The connection is reset without an answer.
    case reset
    /// The head and so many bytes of the body, then the end of the connection.
    case cut(Answer, at: Int)
    /// So many bytes of the body at a time, with a pause before each.
    case slow(Answer, bytes: Int, pause: Duration)
    /// Nothing, for ever.
    case hang

    /// Status, headers and body.
    public struct Answer: Sendable {
        /// The status.
        public var status: Int
        /// Names and values; the length of the body is added.
        public var headers: [(name: String, value: String)]
        /// The body.
        public var body: [UInt8]
        /// What the head says of the body's length, where that is not how long it is.
        public var length: Int?

        /// Makes an answer.
        public init(
            _ status: Int,
            headers: [(name: String, value: String)] = [],
            body: [UInt8] = [],
            length: Int? = nil
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.length = length
        }
    }

    /// A good answer, with a text.
    public static func text(_ status: Int, _ text: String, _ headers: [(name: String, value: String)] = []) -> Self {
        .answer(Answer(status, headers: headers, body: Array(text.utf8)))
    }
}

/// An HTTP server on a free port of this machine that answers as a closure says, also badly.
public enum TestServer {
    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// Serves as long as a closure runs.
    ///
    /// - Parameters:
    ///   - handler: Answers a request.
    ///   - body: Is given the server's `http://host:port`.
    /// - Returns: What the closure returned.
    /// - Throws: What the closure threw, or why there can be no server.
    public static func run<Result: Sendable>(
        _ handler: @escaping @Sendable (TestRequest) async throws -> TestReply,
        _ body: @escaping @Sendable (_ url: String) async throws -> Result
    ) async throws -> Result {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        let port = server.channel.localAddress?.port ?? 0
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await server.executeThenClose { connections in
                    await withTaskGroup(of: Void.self) { group in
                        do {
                            for try await connection in connections {
                                group.addTask { await serve(connection, handler) }
                            }
                        } catch {
                            // The end of the server, by its cancellation.
                        }
                        group.cancelAll()
                    }
                }
                return nil
            }
            group.addTask { try await body("http://127.0.0.1:\(port)") }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    private static func serve(
        _ connection: Connection,
        _ handler: @Sendable (TestRequest) async throws -> TestReply
    ) async {
        do {
            try await connection.executeThenClose { inbound, outbound in
                var request: TestRequest?
                for try await part in inbound {
                    switch part {
                    case .head(let head):
                        request = TestRequest(
                            method: head.method.rawValue,
                            target: head.uri,
                            headers: head.headers.map { ($0.name.lowercased(), $0.value) },
                            body: []
                        )
                    case .body(let buffer): request?.body += buffer.readableBytesView
                    case .end:
                        guard let whole = request else { return }
                        request = nil
                        guard try await reply(handler(whole), whole.method, connection.channel, outbound) else {
                            return
                        }
                    }
                }
            }
        } catch {
            // The client went away, or this end of it reset the connection.
        }
    }

    /// Answers, and says whether the connection goes on.
    private static func reply(
        _ reply: TestReply,
        _ method: String,
        _ channel: any Channel,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws -> Bool {
        switch reply {
        case .hang:
            try await Task.sleep(for: .seconds(3600))
            return false
        case .reset:
            // A lingering time of nothing makes a reset of the end.
            try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try await channel.close().get()
            return false
        case .answer(let answer):
            try await outbound.write(head(answer))
            if method != "HEAD" { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))) }
            try await outbound.write(.end(nil))
            return true
        case .cut(let answer, let count):
            try await outbound.write(head(answer))
            try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body.prefix(count)))))
            return false
        case .slow(let answer, let count, let pause):
            try await outbound.write(head(answer))
            for start in stride(from: 0, to: method == "HEAD" ? 0 : answer.body.count, by: count) {
                try await Task.sleep(for: pause)
                let piece = answer.body[start..<min(start + count, answer.body.count)]
                try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: piece))))
            }
            try await outbound.write(.end(nil))
            return true
        }
    }

    private static func head(_ answer: TestReply.Answer) -> HTTPServerResponsePart {
        var headers = HTTPHeaders(
            answer.headers.filter { $0.name.lowercased() != "transfer-encoding" }.map { ($0.name, $0.value) }
        )
        if answer.status != 204 {
            headers.replaceOrAdd(name: "content-length", value: String(answer.length ?? answer.body.count))
        }
        return .head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers))
    }
}
