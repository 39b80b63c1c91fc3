internal import CloudHTTP
internal import CloudSupport

/// S3 refused a request.
struct S3Failure: Error, Sendable, CustomStringConvertible {
    /// The status of the answer.
    let status: Int
    /// Such as `NoSuchKey`; empty when the answer had no body.
    let code: String
    /// What S3 says of it.
    let message: String
    /// The region the bucket is in, when S3 says so.
    let region: String?
    /// The host to use, when S3 says so.
    let endpoint: String?
    /// The server's time, in microseconds since 1970 UTC.
    let serverTime: Int64?
    /// What to name when asking AWS about it.
    let requestID: String?
    /// `Content-Range`, which tells the size of the object when a range was not in it.
    let contentRange: String?
    /// How long to wait before another attempt.
    let retryAfter: Duration?
    /// Whether an attempt before this one may have taken effect.
    var followsUncertainty = false

    init(_ response: HTTPResponse, body: [UInt8]) {
        // Proxies answer in HTML or not at all, and S3 has no body for HEAD: then the status has to do.
        let error = try? XMLElement.parse(body)
        let isError = error?.name == "Error"
        status = response.status
        code = isError ? error?["Code"] ?? "" : ""
        message = isError ? error?["Message"] ?? "" : ""
        region = response.header("x-amz-bucket-region") ?? error?["Region"]
        endpoint = error?["Endpoint"] ?? response.header("location")
        serverTime =
            error?["ServerTime"].flatMap { UTCTime.parseISO($0) }
            ?? response.header("date").flatMap { UTCTime.parseHTTP($0) }
        requestID = response.header("x-amz-request-id")
        contentRange = response.header("content-range")
        retryAfter = RetryPolicy.retryAfter(response.header("retry-after"))
    }

    /// Whether another attempt may succeed.
    var isTransient: Bool {
        switch code {
        case "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted",
            "ConditionalRequestConflict", "ThrottlingException", "Throttling", "TooManyRequests", "RequestThrottled",
            "BadDigest", "XAmzContentChecksumMismatch", "IncompleteBody":
            true
        default: status == 408 || status == 429 || (status >= 500 && status != 501)
        }
    }

    /// Whether the attempt that failed so may have taken effect all the same.
    var isUncertain: Bool { status >= 500 }

    /// Whether other credentials are wanted.
    var isExpiredToken: Bool {
        ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"].contains(code)
    }

    /// What S3 said.
    var description: String { summary }

    /// What S3 said, for people.
    var summary: String {
        var text = "status \(status)"
        if !code.isEmpty { text += " \(code)" }
        // It goes on behind this, or has a full stop of its own.
        let sentence = message.hasSuffix(".") ? message.dropLast() : message[...]
        if !sentence.isEmpty { text += ": \(sentence)" }
        if let requestID { text += " (request \(requestID))" }
        return text
    }
}
