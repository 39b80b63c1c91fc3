internal import CloudHTTP
internal import CloudSupport
public import ObjectStorage

extension S3ObjectStore {
    /// Reads an object: one request, several at once when it is large, and more to go on where an answer was cut.
    ///
    /// The checksum that S3 keeps is compared when the whole object is read. What is read is of one version, also when
    /// the object is replaced meanwhile.
    public func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        try Task.checkCancellation()
        let bucketKey = try bucketKey(key)
        if range?.isEmpty == true {
            let metadata = try await head(key)
            let bounds = try ObjectStoreError.resolve(range, size: metadata.size, key: key, in: location)
            return GetResult(bytes: [], offset: bounds.lowerBound, metadata: metadata)
        }
        var damage: ObjectStoreError?
        // Again when the object was replaced meanwhile, or came damaged; each is rare.
        for _ in 0..<Self.maximumReadings {
            let reading = ObjectReading(client: client, key: key, bucketKey: bucketKey, range: range)
            switch try await reading.run() {
            case .complete(let result): return result
            case .isEmpty: return try await emptySuffix(key, range)
            case .replaced: continue
            case .damaged(let error):
                if damage != nil { throw error }
                damage = error
            }
        }
        throw damage
            ?? ObjectStoreError(
                .unavailable,
                "\(ObjectKey.quoted(key)) in \(location) is replaced faster than it can be read; try again."
            )
    }

    private static let maximumReadings = 8

    /// The last bytes of an object that had none when they were asked for; S3 takes that for an invalid range.
    private func emptySuffix(_ key: String, _ range: ByteRange?) async throws -> GetResult {
        let metadata = try await head(key)
        if metadata.size > 0 { return try await get(key, range: range) }
        return GetResult(bytes: [], offset: 0, metadata: metadata)
    }
}

/// One reading of an object, of a single version of it.
private struct ObjectReading {
    enum Outcome {
        case complete(GetResult)
        /// The end of an object was asked for that has no bytes.
        case isEmpty
        /// Another version took the object's place before all was read.
        case replaced
        case damaged(ObjectStoreError)
    }

    let client: S3Client
    let key: String
    let bucketKey: String
    let range: ByteRange?

    func run() async throws -> Outcome {
        var headers: [(name: String, value: String)] = range.map { [("range", $0.header)] } ?? []
        if client.configuration.checksums { headers.append(("x-amz-checksum-mode", "ENABLED")) }
        let call = S3Call("GET", bucketKey, action: "s3:GetObject", headers: headers)
        let response: HTTPResponse
        do {
            response = try await client.open(call)
        } catch let failure as S3Failure {
            guard failure.status == 416 else { throw client.error(failure, call) }
            if case .suffix = range { return .isEmpty }
            throw invalidRange(failure)
        }
        var (metadata, bounds) = try describe(response)
        if bounds.isEmpty { return .complete(GetResult(bytes: [], offset: bounds.lowerBound, metadata: metadata)) }
        let reading = reading(of: metadata.entityTag)
        // Of a store that does not know ranges no pieces can be asked for.
        let isRanged = response.status == 206 || range == nil
        guard let bytes = try await isRanged ? reading.read(bounds, response) : reading.readWhole(bounds, response)
        else { return .replaced }
        metadata.key = key
        if let damage = damage(bytes, response, isWhole: UInt64(bytes.count) == metadata.size) {
            return .damaged(damage)
        }
        // A store that does not know ranges sends everything.
        if response.status == 200, let range {
            let wanted = try ObjectStoreError.resolve(range, size: metadata.size, key: key, in: client.location)
            let part = Array(bytes[Int(wanted.lowerBound)..<Int(wanted.upperBound)])
            return .complete(GetResult(bytes: part, offset: wanted.lowerBound, metadata: metadata))
        }
        return .complete(GetResult(bytes: bytes, offset: bounds.lowerBound, metadata: metadata))
    }

    /// The object, and which of its bytes follow.
    private func describe(_ response: HTTPResponse) throws -> (ObjectMetadata, Range<UInt64>) {
        guard let tag = response.header("etag"), let length = response.contentLength.flatMap({ UInt64(exactly: $0) })
        else {
            throw ObjectStoreError(
                .failed,
                "S3 told neither length nor entity tag of \(name); is there a proxy that drops them?"
            )
        }
        let time = response.header("last-modified").flatMap { UTCTime.parseHTTP($0) } ?? 0
        guard response.status == 206 else {
            return (ObjectMetadata(key: key, size: length, entityTag: tag, lastModified: time), 0..<length)
        }
        guard let range = response.header("content-range").flatMap(ContentRange.init), range.bounds.count == length
        else {
            throw ObjectStoreError(.failed, "S3 sent a part of \(name) and does not say which.")
        }
        return (ObjectMetadata(key: key, size: range.size, entityTag: tag, lastModified: time), range.bounds)
    }

    /// Reads the bytes of a version.
    private func reading(of tag: String) -> RangedReading {
        let reading = self
        @Sendable func call(_ rest: Range<UInt64>) -> S3Call {
            S3Call(
                "GET",
                reading.bucketKey,
                action: "s3:GetObject",
                headers: [("range", ByteRange.range(rest).header), ("if-match", tag)]
            )
        }
        return RangedReading(
            policy: client.policy,
            pieceBytes: client.configuration.rangeBytes,
            inFlight: client.configuration.rangesInFlight
        ) { rest in
            do {
                let answer = try await reading.client.open(call(rest))
                let bounds = answer.header("content-range").flatMap(ContentRange.init)?.bounds
                return answer.status == 206 && bounds == rest ? answer : nil
            } catch let failure as S3Failure {
                if [404, 412, 416].contains(failure.status) { return nil }
                throw reading.client.error(failure, call(rest))
            }
        } unanswered: { rest, failure, attempts in
            reading.client.unanswered(call(rest), failure, attempts)
        } retried: { rest, failure, elapsed, made, wait in
            reading.client.telling(call(rest), failure.description, after: elapsed)(made, wait)
        }
    }

    /// What is wrong with the bytes of a whole object by the checksum that S3 keeps; `nil` when it is right, or
    /// unknown.
    private func damage(_ bytes: [UInt8], _ response: HTTPResponse, isWhole: Bool) -> ObjectStoreError? {
        guard isWhole, response.header("x-amz-checksum-type") != "COMPOSITE",
            let wanted = response.header("x-amz-checksum-crc32c").flatMap({ CRC32C(base64: $0) })
        else { return nil }
        let found = CRC32C(of: bytes)
        if found == wanted { return nil }
        return ObjectStoreError(
            .damaged,
            "\(name) was damaged on its way or in the store: its CRC-32C is \(found.base64), not \(wanted.base64). Read it "
                + "again; if that does not help, put it anew from where it came."
        )
    }

    private func invalidRange(_ failure: S3Failure) -> ObjectStoreError {
        let size = failure.contentRange.flatMap { $0.split(separator: "/").last }.map { ", which is at \($0)" } ?? ""
        return ObjectStoreError(
            .invalidRange,
            "The range \(range?.header ?? "") of \(name) begins behind its end\(size); ask for bytes it has."
        )
    }

    private var name: String { "\(ObjectKey.quoted(key)) in \(client.location)" }
}
