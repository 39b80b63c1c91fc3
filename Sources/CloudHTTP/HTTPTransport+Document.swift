/// A small answer that has come whole.
package struct HTTPDocument: Sendable {
    /// The status code.
    package let status: Int
    /// The body.
    package let body: [UInt8]
}

extension HTTPTransport {
    /// Asks a service for a small document, again while it is overloaded or cannot be reached; ``DocumentRetry``
    /// tells of that.
    ///
    /// - Parameters:
    ///   - request: What is asked.
    ///   - policy: How often and for how long.
    /// - Returns: The last answer, whatever its status.
    /// - Throws: ``HTTPFailure`` when no answer came, or one of more than 1 MiB; `CancellationError`.
    package func document(_ request: HTTPRequest, _ policy: RetryPolicy) async throws -> HTTPDocument {
        var attempts = Attempts(policy)
        while true {
            do {
                let response = try await send(request)
                let document = HTTPDocument(status: response.status, body: try await response.collect(upTo: 1 << 20))
                guard document.status == 429 || document.status >= 500 else { return document }
                let tell = DocumentRetry.telling(request, "status \(document.status)", after: attempts.elapsed)
                let retryAfter = RetryPolicy.retryAfter(response.header("retry-after"))
                guard try await attempts.wait(retryAfter: retryAfter, telling: tell) else { return document }
            } catch let failure as HTTPFailure {
                let tell = DocumentRetry.telling(request, failure.description, after: attempts.elapsed)
                guard try await attempts.wait(telling: tell) else { throw failure }
            }
        }
    }
}

extension RetryPolicy {
    /// For services that hand out tokens.
    package static var tokens: RetryPolicy {
        RetryPolicy(attempts: 4, base: .milliseconds(100), cap: .seconds(2), total: .seconds(40))
    }
}
