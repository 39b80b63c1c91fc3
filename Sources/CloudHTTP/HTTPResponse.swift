internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// The head of an answer, and its body as it comes.
///
/// To let go of a response whose body was not read to its end gives up its connection.
package struct HTTPResponse: Sendable {
    private let response: HTTPClientResponse
    private let timeouts: HTTPTimeouts

    init(_ response: HTTPClientResponse, timeouts: HTTPTimeouts) {
        self.response = response
        self.timeouts = timeouts
    }

    /// The status code.
    package var status: Int { Int(response.status.code) }

    /// The first header of a name, in any case; `nil` when there is none.
    package func header(_ name: String) -> String? { response.headers.first(name: name) }

    /// How many bytes the body has, when the head says so.
    package var contentLength: Int? { header("content-length").flatMap { Int($0) } }

    /// Reads the body to its end, or until there are so many bytes, and adds them to what is there.
    ///
    /// The bytes that have come are added also when it throws.
    ///
    /// - Parameters:
    ///   - bytes: What came before.
    ///   - limit: The most bytes to hold in the end.
    /// - Throws: ``HTTPFailure``, or `CancellationError`.
    package func read(into bytes: inout [UInt8], upTo limit: Int) async throws {
        let expected = contentLength ?? 0
        bytes.reserveCapacity(min(bytes.count + expected, limit))
        let clock = ContinuousClock()
        let end = clock.now + timeouts.limit(bytes: expected)
        do {
            for try await buffer in response.body {
                let count = min(buffer.readableBytes, limit - bytes.count)
                unsafe buffer.withUnsafeReadableBytes { readable in
                    unsafe bytes.append(contentsOf: readable.prefix(count))
                }
                if bytes.count == limit { return }
                if clock.now > end { throw HTTPFailure(.timedOut, "the answer comes too slowly") }
            }
        } catch {
            throw translate(error)
        }
        // When its task is cancelled, the body may just end.
        try Task.checkCancellation()
    }

    /// Reads the body to its end, and keeps none of it.
    ///
    /// - Throws: ``HTTPFailure``, also when it was cut or comes too slowly, or `CancellationError`.
    package func discard() async throws {
        let expected = contentLength
        var count = 0
        let clock = ContinuousClock()
        let end = clock.now + timeouts.limit(bytes: expected ?? 0)
        do {
            for try await buffer in response.body {
                count += buffer.readableBytes
                if clock.now > end { throw HTTPFailure(.timedOut, "the answer comes too slowly") }
            }
        } catch {
            throw translate(error)
        }
        try Task.checkCancellation()
        if let expected, count < expected {
            throw HTTPFailure(.broken, "the answer was cut at byte \(count) of \(expected)")
        }
    }

    /// The whole body, which must not be longer than a limit.
    package func collect(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await read(into: &bytes, upTo: limit + 1)
        guard bytes.count <= limit else { throw HTTPFailure(.broken, "the answer has more than \(limit) bytes") }
        if let expected = contentLength, bytes.count < expected {
            throw HTTPFailure(.broken, "the answer was cut at byte \(bytes.count) of \(expected)")
        }
        return bytes
    }
}
