internal import CloudHTTP
internal import CloudSupport
internal import Crypto
public import EventJournal
internal import RecordStreams

/// A web server as the sink of a replay: each batch is a POST or PUT, which counts when the answer's status is 2xx.
///
/// Connections that fail, answers that do not come whole and in time, and 408, 425, 429 and 5xx are tried again with
/// full jitter, not before a `Retry-After`; a batch that is too large for the server (413) is halved. Any other status
/// ends the job.
public struct HTTPReplaySink: ReplaySink {
    /// Where requests go, and how they are made.
    public struct Configuration: Sendable {
        /// What is in a request.
        public enum Body: String, Sendable, CaseIterable {
            /// A line for each event: `application/x-ndjson`.
            case ndjson
            /// An array: `application/json`.
            case array
        }

        /// The URL.
        public var url: String
        /// What messages call the server; `nil` for the URL without what in its query may be a secret.
        public var name: String?
        /// `POST` or `PUT`.
        public var method = "POST"
        /// What is in a request.
        public var body = Body.ndjson
        /// How events are written.
        public var format = RecordFormat.data
        /// Signs requests; `nil` leaves them unsigned.
        public var secret: [UInt8]?
        /// The header `Authorization`; `nil` for none.
        public var authorization: String?
        /// How long a request may take, in its stages.
        public var timeout = Duration.seconds(30)
        /// How long a batch is tried before the job fails.
        public var retryTime = Duration.seconds(600)
        /// The upper bound of the wait behind the first failure; it doubles up to 30 seconds.
        public var retryBase = Duration.milliseconds(200)

        /// Makes a configuration; everything else has a default.
        public init(url: String) { self.url = url }
    }

    private let configuration: Configuration
    private let job: String
    private let transport: HTTPTransport

    /// What messages call the server.
    ///
    /// The URL without what in its query may be a secret, unless the configuration has a name.
    public let name: String
    /// At most so many events are in a request.
    public var batchRecords: Int { 500 }
    /// And none more once their payloads have so many bytes.
    public var batchBytes: Int { 1 << 20 }

    /// Makes a sink; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - configuration: Where to.
    ///   - job: The job's id, for the header `Highwater-Job`.
    /// - Throws: ``ReplayJobError/Code/invalid`` for a URL that is none, or has a user or password in it.
    public init(_ configuration: Configuration, job: String) throws {
        let lowercased = configuration.url.lowercased()
        let rest = configuration.url.drop { $0 != "/" }.dropFirst(2)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard lowercased.hasPrefix("http://") || lowercased.hasPrefix("https://"), !authority.isEmpty,
            configuration.url.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw ReplayJobError(
                .invalid,
                "\"\(configuration.name ?? ShownURL.withoutCredentials(configuration.url))\" is no http: or https: URL with a host."
            )
        }
        guard !authority.contains("@") else {
            throw ReplayJobError(
                .invalid,
                "The URL of a sink is stored in the job, so it must not have a password in it; set "
                    + "HIGHWATER_HTTP_AUTHORIZATION instead, to what the header Authorization shall be."
            )
        }
        guard ["POST", "PUT"].contains(configuration.method) else {
            throw ReplayJobError(.invalid, "\(configuration.method) does not send records; use POST or PUT.")
        }
        self.configuration = configuration
        self.job = job
        name = configuration.name ?? ShownURL.withoutCredentials(configuration.url)
        let timeout = configuration.timeout
        transport = HTTPTransport(
            timeouts: HTTPTimeouts(connect: min(timeout, .seconds(10)), idle: timeout, whole: timeout)
        )
    }

    /// Sends events in one request, or in more when the server finds one too large.
    ///
    /// - Throws: ``ReplayJobError/Code/refused``, ``ReplayJobError/Code/unavailable``, or `CancellationError`.
    public func send(_ batch: EventBatch) async throws { try await encode(batch).send() }

    /// Makes the body of the request.
    ///
    /// - Throws: ``ReplayJobError/Code/refused`` for a payload that is no JSON where it has to be.
    public func encode(_ batch: EventBatch) async throws -> EncodedBatch {
        let whole = try body(batch, 0..<batch.count)
        return EncodedBatch { try await send(batch, whole) }
    }

    private func send(_ batch: EventBatch, _ whole: [UInt8]) async throws {
        var waiting = [0..<batch.count]
        while let rows = waiting.popLast() {
            let body = rows.count == batch.count ? whole : try body(batch, rows)
            if try await deliver(body, events: rows.count) { continue }
            guard rows.count > 1 else {
                throw ReplayJobError(
                    .refused,
                    "\(name) finds event \"\(batch[rows.lowerBound].id)\" too large (413), in a request of \(body.count) bytes."
                )
            }
            let middle = rows.lowerBound + rows.count / 2
            waiting += [middle..<rows.upperBound, rows.lowerBound..<middle]
        }
    }

    private func body(_ batch: EventBatch, _ rows: Range<Int>) throws -> [UInt8] {
        var body: [UInt8] = []
        if configuration.body == .array { body.append(UInt8(ascii: "[")) }
        for row in rows {
            if configuration.body == .array, row > rows.lowerBound { body.append(UInt8(ascii: ",")) }
            try configuration.format.append(batch, row, to: &body)
            if configuration.body == .ndjson { body.append(UInt8(ascii: "\n")) }
        }
        if configuration.body == .array { body.append(UInt8(ascii: "]")) }
        return body
    }

    /// Makes a request until it succeeds.
    ///
    /// - Returns: `false` when it is too large.
    private func deliver(_ body: [UInt8], events: Int) async throws -> Bool {
        var attempts = Attempts(
            RetryPolicy(
                attempts: .max,
                base: configuration.retryBase,
                cap: .seconds(30),
                total: configuration.retryTime
            )
        )
        while true {
            var problem: String
            var retryAfter: Duration?
            do {
                let response = try await transport.send(request(body, events: events))
                if (200..<300).contains(response.status) {
                    // An answer that is cut may be one to a request that was not carried out.
                    try await response.discard()
                    return true
                }
                var answer: [UInt8] = []
                try await response.read(into: &answer, upTo: 1 << 20)
                if response.status == 413 { return false }
                // It goes into jobs and onto terminals.
                let text = ForeignText.line(bytes: answer)
                problem = "it answers \(response.status)" + (text.isEmpty ? "" : ", and the server's text is: \(text)")
                guard [408, 425, 429].contains(response.status) || response.status >= 500 else {
                    throw ReplayJobError(
                        .refused,
                        "\(name) does not take \(events) events: \(problem)"
                            + ((300..<400).contains(response.status) ? " (redirects are not followed)" : "")
                    )
                }
                retryAfter = RetryPolicy.retryAfter(response.header("retry-after"))
            } catch let failure as HTTPFailure {
                problem = failure.description
            }
            let again = problem
            let isRepeated = try await attempts.wait(retryAfter: retryAfter) {
                StreamRetry(place: name, reason: again, attempts: $0, wait: $1).tell()
            }
            guard isRepeated else {
                throw ReplayJobError(
                    .unavailable,
                    "\(name) did not take \(events) events in \(attempts.made) attempt\(attempts.made == 1 ? "" : "s"): \(problem)"
                )
            }
        }
    }

    private func request(_ body: [UInt8], events: Int) -> HTTPRequest {
        var headers: [(name: String, value: String)] = [
            ("Content-Type", configuration.body == .ndjson ? "application/x-ndjson" : "application/json"),
            ("User-Agent", "highwater"), ("Highwater-Job", job), ("Highwater-Events", "\(events)"),
        ]
        if let authorization = configuration.authorization { headers.append(("Authorization", authorization)) }
        if let secret = configuration.secret {
            let signature = HTTPReplaySink.signature(of: body, secret: secret, time: UTCTime.now() / 1_000_000)
            headers.append(("Highwater-Signature", signature))
        }
        return HTTPRequest(configuration.method, configuration.url, headers: headers, body: body)
    }

    /// The header `Highwater-Signature`: `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY`.
    ///
    /// The time is signed with the body, so that a server can refuse requests that somebody repeats later.
    static func signature(of body: [UInt8], secret: [UInt8], time: Int64) -> String {
        var code = HMAC<SHA256>(key: SymmetricKey(data: secret))
        code.update(data: Array("\(time).".utf8))
        code.update(data: body)
        return "t=\(time),v1=\(Hexadecimal.encode(code.finalize()))"
    }
}
