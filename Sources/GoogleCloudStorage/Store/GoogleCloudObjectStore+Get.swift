internal import CloudHTTP
internal import CloudSupport
public import ObjectStorage

extension GoogleCloudObjectStore {
    /// Reads an object: one request, several at once when it is large, and more to go on where an answer was cut.
    ///
    /// The checksum that Google keeps is compared when the whole object is read. What is read is of one generation,
    /// also when the object is replaced meanwhile.
    public func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        try Task.checkCancellation()
        try validate(key)
        if range?.isEmpty == true { return try await empty(key, range) }
        var damage: ObjectStoreError?
        for _ in 0..<Self.maximumReadings {
            switch try await ObjectReading(client: client, key: key, range: range).run() {
            case .complete(let result): return result
            case .isEmpty: return try await empty(key, range)
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

    /// No bytes of an object, or the end of one that has none, which Google takes for an invalid range.
    private func empty(_ key: String, _ range: ByteRange?) async throws -> GetResult {
        let metadata = try await head(key)
        let bounds = try ObjectStoreError.resolve(range, size: metadata.size, key: key, in: location)
        if !bounds.isEmpty { return try await get(key, range: range) }
        return GetResult(bytes: [], offset: bounds.lowerBound, metadata: metadata)
    }
}

/// One reading of an object, of a single generation of it.
private struct ObjectReading {
    enum Outcome {
        case complete(GetResult)
        /// The end of an object was asked for that has no bytes.
        case isEmpty
        /// Another generation took the object's place before all was read.
        case replaced
        case damaged(ObjectStoreError)
    }

    let client: GoogleClient
    let key: String
    let range: ByteRange?

    private func call(_ range: ByteRange?, generation: String? = nil) -> GoogleCall {
        GoogleCall(
            "GET",
            client.object(key, [("alt", "media")] + (generation.map { [("generation", $0)] } ?? [])),
            key: key,
            permission: "storage.objects.get",
            headers: range.map { [("range", $0.header)] } ?? []
        )
    }

    func run() async throws -> Outcome {
        let response: HTTPResponse
        do {
            response = try await client.open(call(range))
        } catch let failure as GoogleFailure {
            guard failure.status == 416 else { throw client.error(failure, call(range)) }
            if case .suffix = range { return .isEmpty }
            let size =
                failure.contentRange.flatMap { $0.split(separator: "/").last }.map { ", which is at \($0)" } ?? ""
            throw ObjectStoreError(
                .invalidRange,
                "The range \(range?.header ?? "") of \(name) begins behind its end\(size); ask for bytes it has."
            )
        }
        let (metadata, bounds) = try describe(response)
        if bounds.isEmpty { return .complete(GetResult(bytes: [], offset: bounds.lowerBound, metadata: metadata)) }
        guard let bytes = try await reading(of: metadata.entityTag).read(bounds, response) else { return .replaced }
        if UInt64(bytes.count) == metadata.size, let damage = damage(bytes, response) { return .damaged(damage) }
        return .complete(GetResult(bytes: bytes, offset: bounds.lowerBound, metadata: metadata))
    }

    /// The object, and which of its bytes follow.
    private func describe(_ response: HTTPResponse) throws -> (ObjectMetadata, Range<UInt64>) {
        guard let generation = response.header("x-goog-generation"),
            let length = response.contentLength.flatMap({ UInt64(exactly: $0) })
        else {
            throw ObjectStoreError(
                .failed,
                "Google told neither length nor generation of \(name); is there a proxy that drops them?"
            )
        }
        let time = response.header("last-modified").flatMap { UTCTime.parseHTTP($0) } ?? 0
        guard response.status == 206 else {
            guard range == nil else {
                throw ObjectStoreError(
                    .failed,
                    "Google sent all of \(name) where a range was asked for; it is stored compressed."
                )
            }
            return (ObjectMetadata(key: key, size: length, entityTag: generation, lastModified: time), 0..<length)
        }
        guard let range = response.header("content-range").flatMap(ContentRange.init), range.bounds.count == length
        else {
            throw ObjectStoreError(.failed, "Google sent a part of \(name) and does not say which.")
        }
        return (ObjectMetadata(key: key, size: range.size, entityTag: generation, lastModified: time), range.bounds)
    }

    /// Reads the bytes of a generation.
    private func reading(of generation: String) -> RangedReading {
        let reading = self
        return RangedReading(
            policy: client.policy,
            pieceBytes: client.configuration.rangeBytes,
            inFlight: client.configuration.rangesInFlight
        ) { rest in
            let call = reading.call(.range(rest), generation: generation)
            do {
                let answer = try await reading.client.open(call)
                return answer.header("content-range").flatMap(ContentRange.init)?.bounds == rest ? answer : nil
            } catch let failure as GoogleFailure {
                // A generation that was replaced is not found.
                if [404, 412, 416].contains(failure.status) { return nil }
                throw reading.client.error(failure, call)
            }
        } unanswered: { rest, failure, attempts in
            reading.client.unanswered(reading.call(.range(rest), generation: generation), failure, attempts)
        } retried: { rest, failure, elapsed, made, wait in
            let call = reading.call(.range(rest), generation: generation)
            reading.client.telling(call, failure.description, after: elapsed)(made, wait)
        }
    }

    /// What is wrong with the bytes of a whole object by the checksum that Google keeps; `nil` when it is right, or
    /// unknown.
    private func damage(_ bytes: [UInt8], _ response: HTTPResponse) -> ObjectStoreError? {
        guard let hashes = response.header("x-goog-hash"),
            let hash = hashes.split(separator: ",").first(where: { $0.hasPrefix("crc32c=") }),
            let wanted = CRC32C(base64: hash.dropFirst(7))
        else { return nil }
        let found = CRC32C(of: bytes)
        if found == wanted { return nil }
        return ObjectStoreError(
            .damaged,
            "\(name) was damaged on its way or in the store: its CRC-32C is \(found.base64), not \(wanted.base64). Read it "
                + "again; if that does not help, put it anew from where it came."
        )
    }

    private var name: String { "\(ObjectKey.quoted(key)) in \(client.location)" }
}
