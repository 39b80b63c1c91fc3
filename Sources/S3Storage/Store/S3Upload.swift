internal import CloudHTTP
internal import CloudSupport
public import ObjectStorage

/// An object stored in parts, a few of them under way at once.
///
/// What fits into one part is put as a whole when the upload is completed, by one request.
actor S3Upload: ObjectUpload {
    private enum State {
        case open
        case completing
        case ended
    }

    /// A part that S3 has.
    private struct Part: Sendable {
        var number: Int
        var entityTag: String
    }

    private let store: S3ObjectStore
    private let key: String
    private let bucketKey: String
    private let mode: PutMode
    private let condition: WriteCondition
    private var state = State.open
    private var buffer: [UInt8] = []
    private var uploadID: String?
    private var parts: [Part] = []
    private var running: [Task<Part, any Error>] = []
    private var begun = 0
    private var size: UInt64 = 0
    private var checksum = CRC32C()

    private static let largestCopiedPart: UInt64 = 1 << 30

    init(store: S3ObjectStore, key: String, bucketKey: String, mode: PutMode) {
        self.store = store
        self.key = key
        self.bucketKey = bucketKey
        self.mode = mode
        condition = WriteCondition(mode, key: key, isMarked: true)
    }

    deinit {
        for task in running { task.cancel() }
    }

    private var client: S3Client { store.client }

    /// Parts grow, so that the 10,000 that S3 allows make objects of some hundred GiB.
    private var partBytes: Int { client.configuration.partBytes << (begun / 2000) }

    func write(_ bytes: [UInt8]) async throws {
        try checkOpen()
        try Task.checkCancellation()
        checksum.add(bytes)
        size += UInt64(bytes.count)
        var rest = bytes[...]
        while buffer.count + rest.count > partBytes {
            let count = partBytes - buffer.count
            buffer += rest.prefix(count)
            rest = rest.dropFirst(count)
            let part = buffer
            buffer = []
            try await begin(part)
        }
        buffer += rest
    }

    func complete() async throws -> ObjectMetadata {
        try checkOpen()
        try Task.checkCancellation()
        state = .completing
        do {
            let metadata: ObjectMetadata
            if let uploadID {
                if !buffer.isEmpty { try await begin(buffer) }
                buffer = []
                while !running.isEmpty { try await waitForOldest() }
                metadata = try await finish(uploadID)
            } else {
                metadata = try await store.put(key, buffer, mode: mode)
            }
            state = .ended
            return metadata
        } catch {
            await discard()
            throw error
        }
    }

    func abort() async {
        if state == .open { await discard() }
    }

    /// Makes the upload of parts of another object.
    func copy(_ source: String, _ original: ObjectMetadata) async throws {
        try checkOpen()
        let uploadID = try await identify()
        size = original.size
        for start in stride(from: 0, to: original.size, by: Int(Self.largestCopiedPart)) {
            let end = min(start + Self.largestCopiedPart, original.size)
            let headers = [
                (name: "x-amz-copy-source", value: source),
                ("x-amz-copy-source-range", "bytes=\(start)-\(end - 1)"),
                ("x-amz-copy-source-if-match", original.entityTag),
            ]
            begun += 1
            let call = partCall(begun, uploadID, headers: headers)
            do {
                let answer = try await client.answer(call)
                guard let tag = try XMLElement.parse(answer.body)["ETag"] else { throw untold() }
                parts.append(Part(number: begun, entityTag: tag))
            } catch let failure as S3Failure {
                if failure.status == 412 { throw store.replaced(original.key, failure) }
                throw client.error(failure, call)
            } catch let failure as XMLReader.Failure {
                throw ObjectStoreError(
                    .unavailable,
                    "A part of \(name) may or may not be copied: \(failure).",
                    cause: failure
                )
            }
        }
    }

    private func checkOpen() throws {
        if state != .open { throw ObjectStoreError.uploadEnded(name) }
    }

    /// Begins to send a part, when fewer than the most are under way.
    private func begin(_ bytes: [UInt8]) async throws {
        let uploadID = try await identify()
        while running.count >= max(client.configuration.partsInFlight, 1) { try await waitForOldest() }
        begun += 1
        let number = begun
        let client = client
        let call = partCall(number, uploadID, body: .object(bytes))
        let name = name
        // Owned by this upload: complete() and abort() wait for it, and it is cancelled when the upload is dropped.
        running.append(
            Task { @concurrent in
                do {
                    let answer = try await client.answer(call)
                    guard let tag = answer.head.header("etag") else {
                        throw ObjectStoreError(.failed, "S3 told no entity tag of a part of \(name).")
                    }
                    return Part(number: number, entityTag: tag)
                } catch let failure as S3Failure {
                    throw client.error(failure, call)
                }
            }
        )
    }

    private func waitForOldest() async throws {
        let task = running.removeFirst()
        let part = try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
        parts.append(part)
    }

    /// The ID of the upload, which begins with the first part.
    private func identify() async throws -> String {
        if let uploadID { return uploadID }
        var headers = client.configuration.writeHeaders + condition.metadata
        if client.configuration.checksums {
            headers += [("x-amz-checksum-algorithm", "CRC32C"), ("x-amz-checksum-type", "FULL_OBJECT")]
        }
        let call = S3Call("POST", bucketKey, action: "s3:PutObject", query: [("uploads", "")], headers: headers)
        do {
            let answer = try await client.answer(call)
            guard let id = try XMLElement.parse(answer.body)["UploadId"], !id.isEmpty else { throw untold() }
            uploadID = id
            return id
        } catch let failure as S3Failure {
            throw client.error(failure, call)
        } catch let failure as XMLReader.Failure {
            throw ObjectStoreError(.failed, "The upload of \(name) could not be begun: \(failure).", cause: failure)
        }
    }

    private func partCall(
        _ number: Int,
        _ uploadID: String,
        headers: [(name: String, value: String)] = [],
        body: S3Call.Body = .none
    ) -> S3Call {
        S3Call(
            "PUT",
            bucketKey,
            action: "s3:PutObject",
            query: [("partNumber", String(number)), ("uploadId", uploadID)],
            headers: headers,
            body: body,
            mayHideError: !headers.isEmpty
        )
    }

    private func finish(_ uploadID: String) async throws -> ObjectMetadata {
        let list = parts.sorted { $0.number < $1.number }
            .map { "<Part><ETag>\(XMLElement.escape($0.entityTag))</ETag><PartNumber>\($0.number)</PartNumber></Part>" }
            .joined()
        let body =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(list)</CompleteMultipartUpload>"
        var headers = condition.headers + [("content-type", "application/xml")]
        if client.configuration.checksums, checksumIsKnown {
            headers += [("x-amz-checksum-type", "FULL_OBJECT"), ("x-amz-checksum-crc32c", checksum.base64)]
        }
        let call = S3Call(
            "POST",
            bucketKey,
            action: "s3:PutObject",
            query: [("uploadId", uploadID)],
            headers: headers,
            body: .document(Array(body.utf8)),
            mayHideError: true
        )
        do {
            let answer = try await client.answer(call)
            return try store.stored(key, size: size, XMLElement.parse(answer.body)["ETag"], answer.head)
        } catch let failure as S3Failure {
            // The upload is gone: an attempt whose answer was lost may have completed it.
            if failure.code == "NoSuchUpload" {
                return try await store.resolve(key, condition, mode, failure.asUncertain)
            }
            guard condition.isViolated(by: failure) else { throw client.error(failure, call) }
            return try await store.resolve(key, condition, mode, failure)
        } catch let failure as XMLReader.Failure {
            throw ObjectStoreError(
                .unavailable,
                "\(name) may or may not be stored: \(failure). Look whether it is.",
                cause: failure
            )
        }
    }

    /// Of copied parts only S3 has seen the bytes.
    private var checksumIsKnown: Bool { size == 0 || checksum != CRC32C() }

    /// Gives the parts up, which S3 would keep and charge for.
    private func discard() async {
        state = .ended
        buffer = []
        let tasks = running
        running = []
        for task in tasks { task.cancel() }
        guard let uploadID else { return }
        let call = S3Call(
            "DELETE",
            bucketKey,
            action: "s3:AbortMultipartUpload",
            query: [("uploadId", uploadID)]
        )
        let client = client
        // The task that gives the upload up is often cancelled, and the parts must go all the same.
        await shielded {
            for task in tasks { _ = await task.result }
            // What cannot be cleared now is cleared by the bucket's lifecycle rule; there is nobody to tell.
            _ = try? await client.answer(call)
        }
    }

    private func untold() -> ObjectStoreError {
        ObjectStoreError(.failed, "S3 answered for the upload of \(name), but left out its ID or an entity tag.")
    }

    private var name: String { "\(ObjectKey.quoted(key)) in \(store.location)" }
}

extension S3ObjectStore {
    /// Begins an upload; asks nothing of S3 before the first part is full.
    ///
    /// An upload that is dropped leaves parts behind that a lifecycle rule of the bucket should clear.
    public func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        try Task.checkCancellation()
        return S3Upload(store: self, key: key, bucketKey: try bucketKey(key), mode: mode)
    }
}

extension S3Failure {
    /// The same failure, where an attempt before it may have taken effect.
    var asUncertain: S3Failure {
        var failure = self
        failure.followsUncertainty = true
        return failure
    }
}
