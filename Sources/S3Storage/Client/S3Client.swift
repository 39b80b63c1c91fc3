internal import AWSSigning
internal import CloudHTTP
internal import CloudSupport
internal import ObjectStorage

/// Signs requests, sends them as often as it takes, and tells what came of them.
struct S3Client: Sendable {
    let configuration: S3Configuration
    let endpoint: S3Endpoint
    /// `nil` for requests that nobody signs.
    let credentials: (any AWSCredentialsProvider)?
    let signer: SigV4Signer
    let transport: HTTPTransport
    let policy: RetryPolicy
    /// Whether the endpoint has ever answered.
    private let contact = EndpointContact()
    /// Who hears of attempts that failed.
    let retries: ObjectStoreRetry.Observer?
    /// The store, for messages.
    let location: String

    /// The largest answer that is not an object: a page of a listing with long keys.
    private static let maximumDocument = 32 << 20
    /// The bytes of a signed chunk.
    private static let chunkBytes = 64 << 10

    init(
        _ configuration: S3Configuration,
        credentials: (any AWSCredentialsProvider)?,
        retries: ObjectStoreRetry.Observer?
    ) throws {
        self.configuration = configuration
        self.retries = retries
        self.credentials = credentials
        endpoint = try S3Endpoint(configuration)
        signer = SigV4Signer(service: "s3", region: configuration.region)
        transport = HTTPTransport(
            timeouts: HTTPTimeouts(
                connect: configuration.connectTimeout,
                idle: configuration.idleTimeout,
                whole: configuration.requestTimeout
            ),
            connections: configuration.connections
        )
        policy = RetryPolicy(attempts: configuration.attempts, total: configuration.retryTime)
        location = configuration.url
    }

    /// An answer that has come whole.
    struct Answer: Sendable {
        let head: HTTPResponse
        let body: [UInt8]
        /// Whether an attempt before the last may have taken effect.
        let followsUncertainty: Bool
    }

    /// Makes a request whose answer is small.
    ///
    /// - Throws: ``S3Failure`` when S3 refuses it, ``ObjectStoreError`` when there was no answer, or
    ///   `CancellationError`.
    func answer(_ call: S3Call) async throws -> Answer {
        try await perform(call) { response, isUncertain in
            let body = call.method == "HEAD" ? [] : try await response.collect(upTo: Self.maximumDocument)
            return Answer(head: response, body: body, followsUncertainty: isUncertain)
        }
    }

    /// Makes a request whose answer is an object, and hands out its body as it comes.
    ///
    /// - Throws: As ``answer(_:)``.
    func open(_ call: S3Call) async throws -> HTTPResponse {
        try await perform(call) { response, _ in response }
    }

    private func perform<Value: Sendable>(
        _ call: S3Call,
        _ read: (_ response: HTTPResponse, _ followsUncertainty: Bool) async throws -> Value
    ) async throws -> Value {
        var attempts = Attempts(policy)
        var isUncertain = false
        var hasRenewed = false
        while true {
            let failure: S3Failure
            let used = try await currentCredentials()
            do {
                let response = try await transport.send(request(call, used))
                contact.noteAnswer()
                if (200..<300).contains(response.status) {
                    let value = try await read(response, isUncertain)
                    guard call.mayHideError, let answer = value as? Answer, Self.isError(answer.body) else {
                        return value
                    }
                    failure = S3Failure(response, body: answer.body)
                } else {
                    let body = call.method == "HEAD" ? [] : try await response.collect(upTo: Self.maximumDocument)
                    failure = S3Failure(response, body: body)
                }
            } catch let error as HTTPFailure {
                if error.kind != .notSent { isUncertain = true }
                let tell = telling(call, error.description, after: attempts.elapsed)
                guard try await attempts.wait(isUnreached: contact.isUnreached(error), telling: tell) else {
                    throw unanswered(call, error, attempts)
                }
                continue
            }
            if failure.isExpiredToken, !hasRenewed, let credentials, let used {
                hasRenewed = true
                await credentials.invalidate(used)
                continue
            }
            // Of an error behind a status of 200 the status says nothing.
            guard failure.isTransient || (failure.status == 200 && failure.code == "InternalError") else {
                var failure = failure
                failure.followsUncertainty = isUncertain
                throw failure
            }
            if failure.isUncertain { isUncertain = true }
            let tell = telling(call, failure.summary, after: attempts.elapsed)
            guard try await attempts.wait(retryAfter: failure.retryAfter, telling: tell) else {
                throw overloaded(call, failure, attempts)
            }
        }
    }

    /// The credentials to sign with; `nil` when nothing is signed.
    ///
    /// - Throws: ``ObjectStoreError/Code/permissionDenied`` when there are none.
    func currentCredentials() async throws -> AWSCredentials? {
        guard let credentials else { return nil }
        do {
            guard let retries else { return try await credentials.credentials() }
            let observer = DocumentRetry.Observer { retries($0.report) }
            return try await DocumentRetry.$observer.withValue(observer) { try await credentials.credentials() }
        } catch let error as CancellationError {
            throw error
        } catch {
            throw ObjectStoreError(
                .permissionDenied,
                "There are no credentials to open \(location) with: \(error)"
            )
        }
    }

    private func request(_ call: S3Call, _ credentials: AWSCredentials?) -> HTTPRequest {
        var call = call
        var body = call.body.bytes
        var payload = body.isEmpty ? SigningPayload.empty : .unsigned
        if case .object(let bytes) = call.body, configuration.checksums, !usesChunks(call) {
            call.headers += Self.checksumHeaders(CRC32C(of: bytes))
        }
        if usesChunks(call) {
            payload = .signedChunks(hasTrailer: configuration.checksums)
            call.headers += chunkHeaders(body.count)
        } else if !body.isEmpty, !endpoint.isSecure || configuration.bodySigning == .hash {
            payload = .hash(SigV4Signer.hash(body))
        }
        let path = endpoint.path(call.key)
        if let credentials {
            let signed = signer.sign(
                SigningRequest(
                    method: call.method,
                    host: endpoint.host,
                    path: path,
                    query: call.query,
                    headers: call.headers
                ),
                payload: payload,
                credentials: credentials,
                at: UTCTime.now()
            )
            call.headers += signed.headers
            if usesChunks(call) { body = chunked(body, signed.chunks) }
        }
        let query = PercentEncoding.query(call.query.map { ($0.name, $0.value) })
        return HTTPRequest(call.method, endpoint.url(path: path, query: query), headers: call.headers, body: body)
    }

    private func usesChunks(_ call: S3Call) -> Bool {
        if case .object(let bytes) = call.body {
            return configuration.bodySigning == .chunks && credentials != nil && !bytes.isEmpty
        }
        return false
    }

    /// The headers that make S3 check the body of a put, and keep the checksum with the object.
    private static func checksumHeaders(_ checksum: CRC32C) -> [(name: String, value: String)] {
        [("x-amz-sdk-checksum-algorithm", "CRC32C"), ("x-amz-checksum-crc32c", checksum.base64)]
    }

    private func chunkHeaders(_ count: Int) -> [(name: String, value: String)] {
        var headers = [
            (name: "content-encoding", value: "aws-chunked"), ("x-amz-decoded-content-length", String(count)),
        ]
        if configuration.checksums {
            headers += [("x-amz-sdk-checksum-algorithm", "CRC32C"), ("x-amz-trailer", "x-amz-checksum-crc32c")]
        }
        return headers
    }

    private func chunked(_ body: [UInt8], _ signer: ChunkSigner) -> [UInt8] {
        var signer = signer
        var encoded: [UInt8] = []
        encoded.reserveCapacity(body.count + (body.count / Self.chunkBytes + 4) * 96)
        for start in stride(from: 0, to: body.count, by: Self.chunkBytes) {
            encoded += signer.chunk(body[start..<min(start + Self.chunkBytes, body.count)])
        }
        encoded += signer.chunk([], isBeforeTrailer: configuration.checksums)
        if configuration.checksums {
            encoded += signer.trailer([("x-amz-checksum-crc32c", CRC32C(of: body).base64)])
        }
        return encoded
    }

    private static func isError(_ body: [UInt8]) -> Bool {
        var reader = XMLReader(body)
        do {
            return try reader.next() == .start("Error")
        } catch {
            // What cannot be read is told by whoever reads all of it.
            return false
        }
    }
}
