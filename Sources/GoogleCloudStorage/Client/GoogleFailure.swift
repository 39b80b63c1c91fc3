internal import CloudHTTP
internal import CloudSupport
internal import TextEncoding

/// Google refused a request.
struct GoogleFailure: Error, Sendable, CustomStringConvertible {
    /// The status of the answer.
    let status: Int
    /// Such as `notFound`; empty when the answer does not say.
    let reason: String
    /// What Google says of it.
    let message: String
    /// `Content-Range`, which tells the size of the object when a range was not in it.
    let contentRange: String?
    /// How long to wait before another attempt.
    let retryAfter: Duration?
    /// Whether an attempt before this one may have taken effect.
    var followsUncertainty = false

    init(_ response: HTTPResponse, body: [UInt8]) {
        // Proxies answer in HTML, and media requests in plain text: then the status has to do.
        let error = (try? JSONValue.parse(repairing: body))?["error"]
        status = response.status
        reason = error?["errors"]?.elements.first?["reason"]?.text ?? ""
        message = error?["message"]?.text ?? ForeignText.line(bytes: body)
        contentRange = response.header("content-range")
        retryAfter = RetryPolicy.retryAfter(response.header("retry-after"))
    }

    /// Whether another attempt may succeed.
    var isTransient: Bool {
        status == 408 || status == 429 || (status >= 500 && status != 501) || reason == "rateLimitExceeded"
            || reason == "userRateLimitExceeded"
    }

    /// What Google said, for people.
    var description: String {
        "status \(status)" + (reason.isEmpty ? "" : " \(reason)") + (message.isEmpty ? "" : ": \(message)")
    }
}
