internal import AWSSigning
internal import CloudHTTP
internal import CloudSupport
internal import TextEncoding

/// Asks a service near the machine: soon, and not often.
struct MetadataService: Sendable {
    private let transport: HTTPTransport
    private let policy: RetryPolicy

    init(connect: Duration = .seconds(1), attempts: Int = 3) {
        transport = HTTPTransport(
            timeouts: HTTPTimeouts(connect: connect, idle: .seconds(5), whole: .seconds(5)),
            connections: 4
        )
        policy = RetryPolicy(attempts: attempts, base: .milliseconds(100), cap: .seconds(1), total: .seconds(10))
    }

    /// The body of an answer of status 200.
    ///
    /// - Throws: ``AWSAccessError``, or `HTTPFailure` when there was no answer.
    func ask(_ request: HTTPRequest) async throws -> [UInt8] {
        let document = try await transport.document(request, policy)
        guard document.status == 200 else {
            throw AWSAccessError("\(request.url) answered with status \(document.status)")
        }
        return document.body
    }

    /// The credentials in an answer of the kind that containers and instances get.
    ///
    /// - Throws: ``AWSAccessError``.
    static func credentials(_ bytes: [UInt8], from url: String) throws -> AWSCredentials {
        let json: JSONValue
        do {
            json = try JSONValue.parse(bytes)
        } catch {
            throw AWSAccessError("what \(url) answers is no credentials: \(error)")
        }
        guard let key = json["AccessKeyId"]?.text, let secret = json["SecretAccessKey"]?.text else {
            let reason = json["Message"]?.text ?? json["message"]?.text ?? json["Code"]?.text ?? "it has no AccessKeyId"
            throw AWSAccessError("what \(url) answers is no credentials: \(reason)")
        }
        return AWSCredentials(
            accessKeyID: key,
            secretAccessKey: secret,
            sessionToken: json["Token"]?.text,
            expiration: json["Expiration"]?.text.flatMap { UTCTime.parseISO($0) }
        )
    }
}
