internal import AWSSigning
internal import CloudHTTP
internal import CloudSupport
internal import RecordStreams
internal import TextEncoding

/// Signs requests to Kinesis, sends them as often as it takes, and tells what came of them.
///
/// Source: Amazon Kinesis Data Streams API Reference, version 2013-12-02, protocol AWS JSON 1.1.
struct KinesisClient: Sendable {
    let configuration: KinesisConfiguration
    private let credentials: any AWSCredentialsProvider
    private let signer: SigV4Signer
    private let transport: HTTPTransport
    private let policy: RetryPolicy
    private let url: String
    private let host: String

    /// GetRecords answers with 10 MiB at most, in base 64 and with keys; a record of aggregated ones counts whole.
    private static let maximumDocument = 32 << 20

    /// - Throws: ``StreamError/Code/invalidURL`` when there can be no such place.
    init(_ configuration: KinesisConfiguration, credentials: any AWSCredentialsProvider) throws {
        guard KinesisConfiguration.isStreamName(configuration.stream) else {
            throw StreamError(
                .invalidURL,
                "\"\(configuration.stream)\" cannot be the name of a Kinesis stream: 1 to 128 letters, digits, dots, "
                    + "hyphens and underscores."
            )
        }
        let isRegion = configuration.region.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard isRegion, !configuration.region.isEmpty else {
            throw StreamError(
                .invalidURL,
                "\"\(configuration.region)\" cannot be a region; write for instance `eu-west-1`."
            )
        }
        let domain = configuration.region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        var endpoint = configuration.endpoint ?? "https://kinesis.\(configuration.region).\(domain)"
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        let scheme = endpoint.prefix { $0 != ":" }
        host = String(endpoint.dropFirst(scheme.count + 3))
        guard ["http", "https"].contains(scheme), endpoint.hasPrefix("\(scheme)://"), !host.isEmpty,
            !host.contains(where: { "/?#@ ".contains($0) })
        else {
            throw StreamError(
                .invalidURL,
                "\"\(ShownURL.withoutCredentials(endpoint))\" cannot be the endpoint of Kinesis; write for instance `http://localhost:4566`."
            )
        }
        url = endpoint + "/"
        self.configuration = configuration
        self.credentials = credentials
        signer = SigV4Signer(service: "kinesis", region: configuration.region)
        transport = HTTPTransport(
            timeouts: HTTPTimeouts(
                connect: configuration.connectTimeout,
                idle: configuration.idleTimeout,
                whole: configuration.requestTimeout
            )
        )
        policy = RetryPolicy(
            attempts: configuration.attempts,
            base: .milliseconds(100),
            cap: .seconds(10),
            total: configuration.retryTime
        )
    }

    /// The stream, for messages.
    var stream: String { "the Kinesis stream \(configuration.stream) in \(configuration.region)" }

    /// Says that something is tried again, and why.
    func told(_ reason: String) -> (Int, Duration) -> Void {
        let place = stream
        return { StreamRetry(place: place, reason: reason, attempts: $0, wait: $1).tell() }
    }

    /// Makes a request.
    ///
    /// - Parameters:
    ///   - action: Such as `GetRecords`.
    ///   - members: Names and values of the request's JSON object; values are JSON.
    /// - Returns: The document of the answer.
    /// - Throws: ``KinesisFailure`` when Kinesis refuses it for a reason that waiting does not mend,
    ///   ``StreamError`` when there was no answer, or `CancellationError`.
    func call(_ action: String, _ members: [JSONLine.Member]) async throws -> JSONValue {
        let body = Array(JSONLine.object(members).utf8)
        var attempts = Attempts(policy)
        var hasRenewed = false
        while true {
            let failure: KinesisFailure
            let used = try await currentCredentials(action)
            do {
                let response = try await transport.send(request(action, body, used))
                let answer = try await response.collect(upTo: Self.maximumDocument)
                if response.status == 200 { return try document(answer, action) }
                failure = KinesisFailure(response, body: answer)
            } catch let error as HTTPFailure {
                let tell = told("\(action): no answer came from \(host): \(error.description)")
                guard try await attempts.wait(telling: tell) else { throw unanswered(action, error, attempts) }
                continue
            }
            if failure.isExpiredToken, !hasRenewed {
                hasRenewed = true
                await credentials.invalidate(used)
                continue
            }
            guard failure.isTransient else { throw failure }
            guard try await attempts.wait(retryAfter: failure.retryAfter, telling: told("\(action): \(failure)")) else {
                throw overloaded(action, failure, attempts)
            }
        }
    }

    private func request(_ action: String, _ body: [UInt8], _ credentials: AWSCredentials) -> HTTPRequest {
        let headers = [
            (name: "content-type", value: "application/x-amz-json-1.1"),
            ("x-amz-target", "Kinesis_20131202.\(action)"),
        ]
        let signed = signer.sign(
            SigningRequest(method: "POST", host: host, path: "/", headers: headers),
            payload: .hash(SigV4Signer.hash(body)),
            credentials: credentials,
            at: UTCTime.now()
        )
        return HTTPRequest("POST", url, headers: headers + signed.headers, body: body)
    }

    private func currentCredentials(_ action: String) async throws -> AWSCredentials {
        do {
            let place = stream
            let observer = DocumentRetry.Observer { retry in
                let reason = "\(action): no credentials from \(retry.url) yet: \(retry.reason)"
                StreamRetry(place: place, reason: reason, attempts: retry.attempts, wait: retry.wait).tell()
            }
            return try await DocumentRetry.$observer.withValue(observer) { try await credentials.credentials() }
        } catch let error as CancellationError {
            throw error
        } catch {
            throw StreamError(.noCredentials, "There are no credentials to open \(stream) with: \(error)")
        }
    }

    /// The document in an answer; some actions answer with none.
    private func document(_ bytes: [UInt8], _ action: String) throws -> JSONValue {
        if bytes.isEmpty { return .object([:]) }
        do {
            return try JSONValue.parse(bytes)
        } catch {
            throw StreamError(
                .failed,
                "The answer to \(action) of \(stream) cannot be read: \(error). Check that the endpoint \(host) is one of "
                    + "Kinesis."
            )
        }
    }

    // MARK: - Errors

    /// A refusal in words that say what to do.
    func error(_ failure: KinesisFailure, _ action: String) -> StreamError {
        let doing = "\(action) of \(stream)"
        switch failure.code {
        case "ResourceNotFoundException":
            return StreamError(
                .notFound,
                "There is no stream or shard for \(doing) at \(host): \(failure.message) Create it, correct the name, or "
                    + "name the region it is in: `kinesis://\(configuration.stream)?region=…`."
            )
        case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
            "IncompleteSignatureException", "MissingAuthenticationTokenException", "ExpiredTokenException",
            "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthFailure":
            return StreamError(
                .noCredentials,
                "Kinesis does not accept the credentials for \(doing): \(failure). Check the access key, the secret key and "
                    + "the session token, that \(configuration.region) is the region of the endpoint \(host), and the clock."
            )
        case "AccessDeniedException", "AccessDenied", "KMSAccessDeniedException", "NotAuthorized", "OptInRequired":
            return StreamError(
                .permissionDenied,
                "Kinesis does not allow \(doing): \(failure). Allow kinesis:\(action) on "
                    + "arn:aws:kinesis:\(configuration.region):*:stream/\(configuration.stream), and if it is encrypted "
                    + "kms:Decrypt on its key."
            )
        case _ where failure.status == 401 || failure.status == 403:
            return StreamError(
                .permissionDenied,
                "Kinesis does not allow \(doing): \(failure). Allow kinesis:\(action)."
            )
        default: return StreamError(.failed, "Kinesis refused \(doing): \(failure).")
        }
    }

    private func unanswered(_ action: String, _ failure: HTTPFailure, _ attempts: Attempts) -> StreamError {
        StreamError(
            failure.kind == .timedOut ? .timedOut : .unavailable,
            "No answer to \(action) of \(stream) came from \(url) in \(attempts.made) attempts: \(failure.description). "
                + "Check the network and the endpoint, then try again."
        )
    }

    private func overloaded(_ action: String, _ failure: KinesisFailure, _ attempts: Attempts) -> StreamError {
        StreamError(
            failure.isThrottling ? .throttled : .unavailable,
            "\(action) of \(stream) did not succeed in \(attempts.made) attempts: \(failure). Others may use up the limits of "
                + "its shards; try again later, or give it more shards."
        )
    }
}
