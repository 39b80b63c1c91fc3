internal import CloudHTTP
internal import CloudSupport
internal import ObjectStorage
internal import TextEncoding

/// Sends requests as often as it takes, and tells what came of them.
struct GoogleClient: Sendable {
    let configuration: GoogleCloudConfiguration
    /// `nil` for an emulator, and for public buckets.
    let credentials: (any GoogleCredentialsProvider)?
    let transport: HTTPTransport
    let policy: RetryPolicy
    /// `https://host`, without a slash at its end.
    let base: String
    /// Whether the endpoint has ever answered.
    private let contact = EndpointContact()
    /// Who hears of attempts that failed.
    let retries: ObjectStoreRetry.Observer?
    /// The store, for messages.
    let location: String

    private static let maximumDocument = 32 << 20

    init(
        _ configuration: GoogleCloudConfiguration,
        credentials: (any GoogleCredentialsProvider)?,
        retries: ObjectStoreRetry.Observer?
    ) throws {
        self.configuration = configuration
        self.retries = retries
        self.credentials = credentials
        transport = HTTPTransport(
            timeouts: HTTPTimeouts(
                connect: configuration.connectTimeout,
                idle: configuration.idleTimeout,
                whole: configuration.requestTimeout
            ),
            connections: configuration.connections
        )
        policy = RetryPolicy(attempts: configuration.attempts, total: configuration.retryTime)
        var base = configuration.endpoint ?? "https://storage.googleapis.com"
        while base.hasSuffix("/") { base.removeLast() }
        guard base.hasPrefix("http://") || base.hasPrefix("https://"), !base.contains("@") else {
            throw ObjectStoreError(
                .invalidURL,
                "The endpoint \(ObjectKey.quoted(ShownURL.withoutCredentials(base))) begins neither with http:// nor https://, or has a user; write for instance "
                    + "`http://127.0.0.1:9023`."
            )
        }
        self.base = base
        let prefix = configuration.prefix
        location =
            "gs://\(configuration.bucket)"
            + (prefix.isEmpty ? "" : "/" + PercentEncoding.encode(prefix, keepsSlash: true))
            + (configuration.endpoint.map { "?endpoint=" + PercentEncoding.encode($0) } ?? "")
    }

    /// An answer that has come whole.
    struct Answer: Sendable {
        let head: HTTPResponse
        let body: [UInt8]
        /// Whether an attempt before the last may have taken effect.
        let followsUncertainty: Bool

        /// The document in it.
        func json() throws -> JSONValue {
            do {
                return try JSONValue.parse(body)
            } catch {
                throw ObjectStoreError(.failed, "Google's answer cannot be read: \(error).")
            }
        }
    }

    /// The target of an object, with a query behind it.
    func object(_ key: String, _ query: [(String, String)] = []) -> String {
        let name = PercentEncoding.encode(configuration.keyPrefix + key)
        return "/storage/v1/b/\(configuration.bucket)/o/\(name)" + self.query(query)
    }

    /// A query, with the project that pays.
    func query(_ items: [(String, String)]) -> String {
        let items = items + (configuration.userProject.map { [("userProject", $0)] } ?? [])
        return items.isEmpty ? "" : "?" + PercentEncoding.query(items)
    }

    /// Makes a request whose answer is small.
    ///
    /// - Parameters:
    ///   - call: The request.
    ///   - accepted: Statuses besides the good ones that are no failure.
    /// - Returns: The answer.
    /// - Throws: ``GoogleFailure`` when Google refuses it, ``ObjectStoreError`` when there was no answer.
    func answer(_ call: GoogleCall, accepting accepted: Set<Int> = []) async throws -> Answer {
        try await perform(call, accepted) { response, isUncertain in
            Answer(
                head: response,
                body: try await response.collect(upTo: Self.maximumDocument),
                followsUncertainty: isUncertain
            )
        }
    }

    /// Makes a request whose answer is an object, and hands out its body as it comes.
    func open(_ call: GoogleCall) async throws -> HTTPResponse {
        try await perform(call, []) { response, _ in response }
    }

    private func perform<Value: Sendable>(
        _ call: GoogleCall,
        _ accepted: Set<Int>,
        _ read: (_ response: HTTPResponse, _ followsUncertainty: Bool) async throws -> Value
    ) async throws -> Value {
        var attempts = Attempts(policy)
        var isUncertain = false
        var hasRenewed = false
        while true {
            let failure: GoogleFailure
            let token = try await token()
            do {
                var request = HTTPRequest(
                    call.method,
                    call.target.hasPrefix("http") ? call.target : base + call.target,
                    headers: call.headers,
                    body: call.body
                )
                if let token { request.headers.append(("authorization", "Bearer \(token)")) }
                let response = try await transport.send(request)
                contact.noteAnswer()
                if (200..<300).contains(response.status) || accepted.contains(response.status) {
                    return try await read(response, isUncertain)
                }
                failure = GoogleFailure(response, body: try await response.collect(upTo: Self.maximumDocument))
            } catch let error as HTTPFailure {
                if error.kind != .notSent { isUncertain = true }
                let tell = telling(call, error.description, after: attempts.elapsed)
                guard try await attempts.wait(isUnreached: contact.isUnreached(error), telling: tell) else {
                    throw unanswered(call, error, attempts)
                }
                continue
            }
            if failure.status == 401, !hasRenewed, let credentials, let token {
                hasRenewed = true
                await credentials.invalidate(token)
                continue
            }
            guard failure.isTransient else {
                var failure = failure
                failure.followsUncertainty = isUncertain
                throw failure
            }
            if failure.status >= 500 { isUncertain = true }
            let tell = telling(call, failure.description, after: attempts.elapsed)
            guard try await attempts.wait(retryAfter: failure.retryAfter, telling: tell) else {
                throw ObjectStoreError(
                    .unavailable,
                    "Google could not \(describe(call)) in \(attempts.made) attempts: \(failure). Try again later, or with "
                        + "fewer requests at a time."
                )
            }
        }
    }

    private func token() async throws -> String? {
        guard let credentials else { return nil }
        do {
            guard let retries else { return try await credentials.accessToken() }
            let observer = DocumentRetry.Observer { retries($0.report) }
            return try await DocumentRetry.$observer.withValue(observer) { try await credentials.accessToken() }
        } catch let error as CancellationError {
            throw error
        } catch {
            throw ObjectStoreError(.permissionDenied, "There are no credentials to open \(location) with: \(error)")
        }
    }

    /// No answer came, however often it was tried.
    func unanswered(_ call: GoogleCall, _ failure: HTTPFailure, _ attempts: Attempts) -> ObjectStoreError {
        ObjectStoreError(
            failure.kind == .timedOut ? .timedOut : .unavailable,
            "Could not \(describe(call)) at \(base) in \(attempts.made) attempts: \(failure.description). Check the network "
                + "and the endpoint, then try again."
        )
    }

    /// What tells whoever wants to know of an attempt that failed, before the wait for the next one.
    func telling(
        _ call: GoogleCall,
        _ reason: String,
        after elapsed: Duration
    ) -> (_ made: Int, _ wait: Duration) -> Void {
        retries.telling(of: describe(call), reason, after: elapsed)
    }

    /// The error for a refusal, in words that say what to do.
    func error(_ failure: GoogleFailure, _ call: GoogleCall) -> ObjectStoreError {
        let doing = describe(call)
        switch failure.status {
        case 404 where call.key.isEmpty || failure.message.contains("bucket does not exist"):
            return ObjectStoreError(
                .failed,
                "There is no bucket \(ObjectKey.quoted(configuration.bucket)) at \(base), needed to \(doing). Create it, or "
                    + "correct the name in \(location)."
            )
        case 404: return .missing(call.key, in: location)
        case 401:
            return ObjectStoreError(
                .permissionDenied,
                "Google does not accept the credentials with which to \(doing): \(failure). Make them anew; a wrong clock of "
                    + "this machine has this effect too."
            )
        case 403:
            return ObjectStoreError(
                .permissionDenied,
                "Google does not allow us to \(doing): \(failure). Grant \(call.permission) on the bucket "
                    + "\(ObjectKey.quoted(configuration.bucket))"
                    + (credentials == nil ? "; the request had no token." : ".")
            )
        case 301, 302, 307, 308:
            return ObjectStoreError(
                .failed,
                "\(base) redirects instead of letting us \(doing), and credentials are not sent elsewhere unasked. Correct the "
                    + "endpoint in \(location)."
            )
        default: return ObjectStoreError(.failed, "Google refused to \(doing): \(failure).")
        }
    }

    /// The end of a sentence that begins with "could not".
    private func describe(_ call: GoogleCall) -> String {
        let name = ObjectKey.quoted(call.key)
        return switch call.permission {
        case "storage.objects.list": "list \(location)"
        case "storage.objects.get": "read \(name) in \(location)"
        case "storage.objects.delete": "delete \(name) in \(location)"
        default: "store \(name) in \(location)"
        }
    }
}
