internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Sends requests and reads answers, without retries and without following redirects.
///
/// Connections are kept and shared by the whole process: transports with the same settings use the same pool.
package struct HTTPTransport: Sendable {
    private let client: HTTPClient
    /// How long each stage may take.
    package let timeouts: HTTPTimeouts

    /// Makes a transport; costs nothing when there was one with these settings before.
    ///
    /// - Parameters:
    ///   - timeouts: How long each stage may take.
    ///   - connections: The most connections to one host at a time; further requests wait for one.
    package init(timeouts: HTTPTimeouts = HTTPTimeouts(), connections: Int = 128) {
        self.timeouts = timeouts
        client = SharedClients.shared.client(timeouts, connections)
    }

    /// Sends a request and waits for the head of the answer.
    ///
    /// - Throws: ``HTTPFailure``, or `CancellationError`.
    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = HTTPMethod(rawValue: request.method)
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        if !request.body.isEmpty {
            outgoing.body = .bytes(request.body, length: .known(Int64(request.body.count)))
        } else if request.method == "PUT" || request.method == "POST" {
            outgoing.body = .bytes(ByteBuffer())
        }
        let limit = timeouts.limit(bytes: request.body.count)
        do {
            let response = try await client.execute(outgoing, timeout: TimeAmount(limit))
            return HTTPResponse(response, timeouts: timeouts)
        } catch {
            throw translate(error)
        }
    }
}

/// What AsyncHTTPClient throws, in our words.
func translate(_ error: any Error) -> any Error {
    if error is CancellationError { return error }
    if let error = error as? HTTPFailure { return error }
    if let error = error as? HTTPClientError {
        switch error {
        case .cancelled: return CancellationError()
        case .connectTimeout, .getConnectionFromPoolTimeout:
            return HTTPFailure(.notSent, "no connection in time")
        case .tlsHandshakeTimeout: return HTTPFailure(.notSent, "no TLS connection in time")
        case .readTimeout, .writeTimeout, .deadlineExceeded:
            return HTTPFailure(.timedOut, "no answer in time")
        case .remoteConnectionClosed: return HTTPFailure(.broken, "the server closed the connection")
        case .invalidURL, .emptyHost, .emptyScheme: return HTTPFailure(.notSent, "the URL is not valid")
        default: return HTTPFailure(.broken, "\(error)")
        }
    }
    if let error = error as? NIOConnectionError {
        return HTTPFailure(.notSent, "cannot connect to \(error.host):\(error.port) (\(reasons(error)))")
    }
    if let error = error as? IOError {
        let isUnsent = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL].contains(error.errnoCode)
        return HTTPFailure(isUnsent ? .notSent : .broken, reason(error))
    }
    return HTTPFailure(.broken, "\(error)")
}

private func reason(_ error: any Error) -> String {
    guard let code = (error as? IOError)?.errnoCode, let text = unsafe strerror(code) else { return "\(error)" }
    return unsafe String(cString: text)
}

private func reasons(_ error: NIOConnectionError) -> String {
    if let dns = error.dnsAError ?? error.dnsAAAAError { return "\(dns)" }
    return error.connectionErrors.map { reason($0.error) }.joined(separator: ", ")
}

extension TimeAmount {
    /// A duration in SwiftNIO's words, bounded to some years.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(min(max(seconds, 0), 1 << 30) * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

/// The clients of the process, one for each way of using them; they live as long as it does.
private final class SharedClients: Sendable {
    static let shared = SharedClients()

    private struct Key: Hashable {
        var connect: Duration
        var idle: Duration
        var connections: Int
    }

    private let clients = Mutex<[Key: HTTPClient]>([:])

    func client(_ timeouts: HTTPTimeouts, _ connections: Int) -> HTTPClient {
        let key = Key(connect: timeouts.connect, idle: timeouts.idle, connections: connections)
        return clients.withLock { clients in
            if let client = clients[key] { return client }
            var configuration = HTTPClient.Configuration(
                redirectConfiguration: .disallow,
                timeout: .init(connect: TimeAmount(timeouts.connect), read: TimeAmount(timeouts.idle)),
                decompression: .disabled
            )
            configuration.timeout.write = TimeAmount(timeouts.idle)
            // S3 speaks HTTP/1.1 alone, and many connections carry more bytes than one.
            configuration.httpVersion = .http1Only
            configuration.connectionPool.idleTimeout = .seconds(15)
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
            // Whoever sends retries, and knows better when to stop.
            configuration.connectionPool.retryConnectionEstablishment = false
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[key] = client
            return client
        }
    }
}
