internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// Hands requests on to another server.
public struct TestProxy: Sendable {
    private let upstream: String

    /// Makes a proxy to `http://host:port`.
    public init(to upstream: String) { self.upstream = upstream }

    /// Makes a request there, and hands back what came.
    public func forward(_ request: TestRequest) async throws -> TestReply.Answer {
        var outgoing = HTTPClientRequest(url: upstream + request.target)
        outgoing.method = HTTPMethod(rawValue: request.method)
        for header in request.headers
        where !["content-length", "connection", "transfer-encoding"].contains(header.name) {
            outgoing.headers.add(name: header.name, value: header.value)
        }
        if !request.body.isEmpty || ["PUT", "POST"].contains(request.method) {
            outgoing.body = .bytes(ByteBuffer(bytes: request.body))
        }
        let response = try await HTTPClient.shared.execute(outgoing, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 256 << 20)
        return TestReply.Answer(
            Int(response.status.code),
            headers: response.headers.map { ($0.name, $0.value) },
            body: Array(body.readableBytesView),
            length: request.method == "HEAD" ? response.headers.first(name: "content-length").flatMap { Int($0) } : nil
        )
    }
}
