internal import CloudHTTP
internal import CloudSupport
internal import TextEncoding

/// Kinesis refused a request.
struct KinesisFailure: Error, Sendable, CustomStringConvertible {
    /// The status of the answer.
    let status: Int
    /// Such as `ResourceNotFoundException`; empty when the answer says none.
    let code: String
    /// What Kinesis says of it.
    let message: String
    /// What to name when asking AWS about it.
    let requestID: String?
    /// How long to wait before another attempt.
    let retryAfter: Duration?

    init(_ response: HTTPResponse, body: [UInt8]) {
        // Gateways answer in HTML or not at all: then that and the status have to do.
        let document = try? JSONValue.parse(repairing: body)
        let type = document?["__type"]?.text ?? response.header("x-amzn-errortype") ?? ""
        status = response.status
        // `com.amazonaws.kinesis#ResourceNotFoundException:http://…`
        code = String((type.split(separator: "#").last ?? "").prefix { $0 != ":" })
        message =
            document?["message"]?.text ?? document?["Message"]?.text
            ?? (document?["__type"] == nil ? ForeignText.line(bytes: body) : "")
        requestID = response.header("x-amzn-requestid")
        retryAfter = RetryPolicy.retryAfter(response.header("retry-after"))
    }

    /// Whether the caller asks too much at a time.
    var isThrottling: Bool {
        [
            "ProvisionedThroughputExceededException", "LimitExceededException", "ThrottlingException", "Throttling",
            "KMSThrottlingException", "RequestLimitExceeded", "TooManyRequestsException",
        ]
        .contains(code) || status == 429
    }

    /// Whether another attempt may succeed.
    var isTransient: Bool {
        isThrottling || ["InternalFailure", "ServiceUnavailable", "InternalServerError"].contains(code)
            || status == 408 || (status >= 500 && status != 501)
    }

    /// Whether other credentials are wanted.
    var isExpiredToken: Bool { ["ExpiredTokenException", "ExpiredToken"].contains(code) }

    /// What Kinesis said, for people.
    var description: String {
        var text = "status \(status)"
        if !code.isEmpty { text += " \(code)" }
        if !message.isEmpty { text += ": \(message)" }
        if let requestID { text += " (request \(requestID))" }
        return text
    }
}
