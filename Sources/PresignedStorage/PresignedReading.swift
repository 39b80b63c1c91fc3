internal import CloudHTTP
internal import CloudSupport
internal import ObjectStorage

/// One reading of an object by its URL, of a single version of it.
struct PresignedReading {
    let key: String
    let url: PresignedURL
    let location: String
    let transport: HTTPTransport
    let policy: RetryPolicy
    /// Whether any of the servers has ever answered.
    let contact: EndpointContact
    /// Who hears of attempts that failed.
    let retries: ObjectStoreRetry.Observer?

    /// Attempts are counted anew when this many bytes have come.
    private static let progress = 64 << 10
    /// The largest refusal that is looked into.
    private static let maximumRefusal = 1 << 20

    /// What is known once the first head has come.
    private struct Known {
        var metadata: ObjectMetadata
        /// Which bytes are being read.
        var bounds: Range<UInt64>
        /// Which of those were asked for, when a server that knows no ranges sends all.
        var wanted: Range<UInt64>
    }

    func read(_ range: ByteRange?) async throws -> GetResult {
        var known: Known?
        var bytes: [UInt8] = []
        var counted = 0
        var attempts = Attempts(policy)
        while true {
            var failure = HTTPFailure(.broken, "the answer was cut")
            var retryAfter: Duration?
            do {
                let response = try await transport.send(
                    HTTPRequest("GET", url.url, headers: headers(range, known, bytes))
                )
                contact.noteAnswer()
                if response.status == 200 || response.status == 206 {
                    let now = try describe(response, range)
                    if let known, !goesOn(known, with: now, from: bytes.count) { throw replaced() }
                    if known == nil { known = now }
                    if let known {
                        try await response.read(into: &bytes, upTo: known.bounds.count)
                        if bytes.count == known.bounds.count { return result(known, bytes) }
                    }
                } else if Self.isTransient(response.status) {
                    failure = HTTPFailure(.broken, "status \(response.status)")
                    retryAfter = RetryPolicy.retryAfter(response.header("retry-after"))
                    _ = try await response.collect(upTo: Self.maximumRefusal)
                } else {
                    throw try await refusal(response, range)
                }
            } catch let error as HTTPFailure {
                failure = error
            }
            if bytes.count - counted >= Self.progress {
                counted = bytes.count
                attempts = Attempts(policy)
            }
            let isUnreached = contact.isUnreached(failure)
            let tell = telling(failure.description, after: attempts.elapsed)
            let isRepeated = try await attempts.wait(
                retryAfter: retryAfter,
                isUnreached: isUnreached,
                telling: tell
            )
            guard isRepeated else {
                throw ObjectStoreError(
                    failure.kind == .timedOut ? .timedOut : .unavailable,
                    "\(name) could not be read in \(attempts.made) attempts: \(failure). Try again later."
                )
            }
        }
    }

    private func telling(_ reason: String, after elapsed: Duration) -> (_ made: Int, _ wait: Duration) -> Void {
        { made, wait in
            guard let retries else { return }
            retries(
                ObjectStoreRetry(
                    request: "read \(name)",
                    reason: reason,
                    attempts: made,
                    elapsed: elapsed,
                    wait: wait
                )
            )
        }
    }

    private var name: String { "\(ObjectKey.quoted(key)) of \(location)" }

    private func headers(_ range: ByteRange?, _ known: Known?, _ bytes: [UInt8]) -> [(name: String, value: String)] {
        if let known {
            let start = known.bounds.lowerBound + UInt64(bytes.count)
            let rest = ByteRange.range(start..<known.bounds.upperBound)
            return [("range", rest.header), ("if-match", known.metadata.entityTag)]
        }
        return range.map { [("range", $0.header)] } ?? []
    }

    private static func isTransient(_ status: Int) -> Bool {
        status == 408 || status == 429 || (status >= 500 && status != 501)
    }

    /// The object, and which of its bytes follow.
    private func describe(_ response: HTTPResponse, _ range: ByteRange?) throws -> Known {
        guard let length = response.contentLength.flatMap({ UInt64(exactly: $0) }) else {
            throw ObjectStoreError(
                .failed,
                "The server did not say how long \(name) is; is there a proxy that drops it?"
            )
        }
        let tag = response.header("etag") ?? ""
        let time = response.header("last-modified").flatMap { UTCTime.parseHTTP($0) } ?? 0
        if response.status == 206 {
            guard let part = response.header("content-range").flatMap(ContentRange.init),
                part.bounds.upperBound - part.bounds.lowerBound == length
            else { throw ObjectStoreError(.failed, "The server sent a part of \(name) and does not say which.") }
            let metadata = ObjectMetadata(key: key, size: part.size, entityTag: tag, lastModified: time)
            return Known(metadata: metadata, bounds: part.bounds, wanted: part.bounds)
        }
        let metadata = ObjectMetadata(key: key, size: length, entityTag: tag, lastModified: time)
        let wanted = try ObjectStoreError.resolve(range, size: length, key: key, in: location)
        return Known(metadata: metadata, bounds: 0..<length, wanted: wanted)
    }

    /// Whether an answer has the rest of what was begun.
    private func goesOn(_ known: Known, with now: Known, from count: Int) -> Bool {
        now.metadata.entityTag == known.metadata.entityTag && now.metadata.size == known.metadata.size
            && now.bounds == known.bounds.lowerBound + UInt64(count)..<known.bounds.upperBound
    }

    private func result(_ known: Known, _ bytes: [UInt8]) -> GetResult {
        if known.wanted == known.bounds {
            return GetResult(bytes: bytes, offset: known.bounds.lowerBound, metadata: known.metadata)
        }
        let part = Array(bytes[Int(known.wanted.lowerBound)..<Int(known.wanted.upperBound)])
        return GetResult(bytes: part, offset: known.wanted.lowerBound, metadata: known.metadata)
    }

    private func replaced() -> ObjectStoreError {
        ObjectStoreError(.unavailable, "\(name) was replaced while it was read; try again.")
    }

    // MARK: - Refusals

    private func refusal(_ response: HTTPResponse, _ range: ByteRange?) async throws -> ObjectStoreError {
        let body = try await response.collect(upTo: Self.maximumRefusal)
        let document = try? XMLElement.parse(body)
        let code = document?["Code"] ?? ""
        var words = "status \(response.status)"
        if !code.isEmpty { words += " \(code)" }
        if let message = document?["Message"], !message.isEmpty { words += ": \(message)" }
        let advice = "Make another manifest with `highwater streams`"
        switch response.status {
        case 404:
            return ObjectStoreError(
                .notFound,
                "\(name) is gone: it was compacted, and cleared away, since the URL was made. \(advice); what is compacted "
                    + "already stays for the retention of `highwater vacuum`."
            )
        case 412: return replaced()
        case 416:
            return ObjectStoreError(.invalidRange, "\(name) has no such bytes (\(words)); it is not what was promised.")
        case 301, 302, 303, 307, 308:
            return ObjectStoreError(
                .failed,
                "\(name) is said to be elsewhere (\(words)); redirects are not followed. \(advice), with the right region."
            )
        case 400, 401, 403:
            if let end = url.expiration, end <= UTCTime.now() {
                return ObjectStoreError(
                    .permissionDenied,
                    "The URL of \(name) expired at \(UTCTime.extended(end)). \(advice), with a longer --expires if it has to last."
                )
            }
            if code == "ExpiredToken" || words.contains("expired") {
                return ObjectStoreError(
                    .permissionDenied,
                    "The URL of \(name) has expired, earlier than it promised\(promise): temporary credentials that signed it "
                        + "have ended, or clocks differ (\(words)). \(advice)."
                )
            }
            return ObjectStoreError(
                .permissionDenied,
                "The URL of \(name) is refused (\(words)): whoever signed it may not read the object, or the URL was changed on "
                    + "its way. \(advice)."
            )
        default: return ObjectStoreError(.failed, "\(name) cannot be read: \(words). \(advice).")
        }
    }

    private var promise: String { url.expiration.map { " (\(UTCTime.extended($0)))" } ?? "" }
}
