internal import CloudHTTP
internal import CloudSupport
public import ObjectStorage
internal import TextEncoding

/// An object stored piece by piece in a resumable session.
///
/// What fits into one piece is put as a whole when the upload is completed, by one request. A piece whose answer was
/// lost is asked after, and sent on from where Google has it.
actor GoogleCloudUpload: ObjectUpload {
    private enum State {
        case open
        case completing
        case ended
    }

    private let store: GoogleCloudObjectStore
    private let key: String
    private let mode: PutMode
    private let condition: WriteCondition
    private var state = State.open
    /// What Google does not have yet.
    private var buffer: [UInt8] = []
    private var session: String?
    /// How many bytes Google has.
    private var sent: UInt64 = 0
    private var checksum = CRC32C()

    init(store: GoogleCloudObjectStore, key: String, mode: PutMode, condition: WriteCondition) {
        self.store = store
        self.key = key
        self.mode = mode
        self.condition = condition
    }

    private var client: GoogleClient { store.client }
    private var name: String { "\(ObjectKey.quoted(key)) in \(store.location)" }

    /// A multiple of 256 KiB, as all pieces but the last must be.
    private var chunkBytes: Int { max(client.configuration.chunkBytes >> 18, 1) << 18 }

    func write(_ bytes: [UInt8]) async throws {
        try checkOpen()
        try Task.checkCancellation()
        checksum.add(bytes)
        var rest = bytes[...]
        // The last piece ends the upload, so there must be something left for it.
        while buffer.count + rest.count > chunkBytes {
            let count = chunkBytes - buffer.count
            buffer += rest.prefix(count)
            rest = rest.dropFirst(count)
            try await send(isLast: false)
        }
        buffer += rest
    }

    func complete() async throws -> ObjectMetadata {
        try checkOpen()
        try Task.checkCancellation()
        state = .completing
        do {
            let metadata: ObjectMetadata
            if session == nil {
                metadata = try await store.put(key, buffer, mode: mode)
            } else {
                guard let stored = try await send(isLast: true) else {
                    throw ObjectStoreError(
                        .unavailable,
                        "Google does not say whether \(name) is stored; look whether it is."
                    )
                }
                metadata = stored
            }
            state = .ended
            buffer = []
            return metadata
        } catch {
            await discard()
            throw error
        }
    }

    func abort() async {
        if state == .open { await discard() }
    }

    private func checkOpen() throws {
        if state != .open { throw ObjectStoreError.uploadEnded(name) }
    }

    /// Sends the buffer; returns the object's metadata when that completed it.
    @discardableResult
    private func send(isLast: Bool) async throws -> ObjectMetadata? {
        let session = try await begin()
        var attempts = Attempts(client.policy)
        var isUncertain = false
        while isLast || !buffer.isEmpty {
            let end = sent + UInt64(buffer.count)
            let range =
                isUncertain
                ? "bytes */\(isLast ? String(end) : "*")"
                : buffer.isEmpty ? "bytes */\(end)" : "bytes \(sent)-\(end - 1)/\(isLast ? String(end) : "*")"
            var headers = [(name: "content-range", value: range)]
            if isLast { headers.append(("x-goog-hash", "crc32c=\(checksum.base64)")) }
            let request = HTTPRequest("PUT", session, headers: headers, body: isUncertain ? [] : buffer)
            let call = GoogleCall("PUT", session, key: key, permission: "storage.objects.create")
            do {
                let response = try await client.transport.send(request)
                let body = try await response.collect(upTo: 1 << 20)
                if response.status == 200 || response.status == 201 { return try stored(body) }
                if response.status == 308 {
                    try acknowledge(response.header("range"))
                    isUncertain = false
                    let failure = HTTPFailure(.broken, "Google took no more bytes")
                    let tell = client.telling(call, failure.description, after: attempts.elapsed)
                    if isLast || !buffer.isEmpty, try await !attempts.wait(telling: tell) {
                        throw client.unanswered(call, failure, attempts)
                    }
                    continue
                }
                let failure = GoogleFailure(response, body: body)
                if failure.status == 412 || (failure.status == 404 || failure.status == 410) && isUncertain {
                    return try await store.resolve(key, condition, mode, isUncertain: isUncertain)
                }
                guard failure.isTransient else { throw client.error(failure, call) }
                isUncertain = true
                let tell = client.telling(call, failure.description, after: attempts.elapsed)
                guard try await attempts.wait(retryAfter: failure.retryAfter, telling: tell) else {
                    throw client.unanswered(call, HTTPFailure(.broken, "\(failure)"), attempts)
                }
            } catch let failure as HTTPFailure {
                if failure.kind != .notSent { isUncertain = true }
                let tell = client.telling(call, failure.description, after: attempts.elapsed)
                guard try await attempts.wait(telling: tell) else { throw client.unanswered(call, failure, attempts) }
            }
        }
        return nil
    }

    /// Takes off the buffer what Google says it has.
    private func acknowledge(_ range: String?) throws {
        let last = range.flatMap { $0.split(separator: "-").last }.flatMap { UInt64($0) }
        let has = last.map { $0 + 1 } ?? 0
        guard has >= sent, has <= sent + UInt64(buffer.count) else {
            throw ObjectStoreError(
                .unavailable,
                "Google lost \(sent - min(has, sent)) bytes of the upload of \(name); begin it anew."
            )
        }
        buffer.removeFirst(Int(has - sent))
        sent = has
    }

    /// The metadata of the object that is complete now.
    private func stored(_ body: [UInt8]) throws -> ObjectMetadata {
        let json: JSONValue
        do {
            json = try JSONValue.parse(body)
        } catch {
            throw ObjectStoreError(
                .unavailable,
                "\(name) may or may not be stored, since Google's answer cannot be read: \(error). Look whether it is."
            )
        }
        if let found = json["crc32c"]?.text, found != checksum.base64 {
            throw ObjectStoreError(
                .damaged,
                "\(name) was damaged on its way: its CRC-32C is \(found), not \(checksum.base64). Put it anew."
            )
        }
        return GoogleCloudObjectStore.metadata(json, key)
    }

    /// The URL of the session, which begins with the first piece.
    private func begin() async throws -> String {
        if let session { return session }
        let whole = client.configuration.keyPrefix + key
        let resource = condition.resource(client.configuration, name: whole, checksum: nil)
        let call = GoogleCall(
            "POST",
            store.uploadTarget("resumable", condition),
            key: key,
            permission: "storage.objects.create",
            headers: [
                ("content-type", "application/json; charset=UTF-8"),
                ("x-upload-content-type", "application/octet-stream"),
            ],
            body: Array(resource.utf8)
        )
        do {
            let answer = try await client.answer(call)
            guard let url = answer.head.header("location") else {
                throw ObjectStoreError(.failed, "Google began the upload of \(name), but does not say where it goes.")
            }
            session = url
            return url
        } catch let failure as GoogleFailure {
            guard failure.status == 412, mode != .overwrite else { throw client.error(failure, call) }
            // Nothing was sent yet that could be ours.
            throw ObjectStoreError.lost(key, in: store.location, mode, found: nil)
        }
    }

    /// Gives the session up, which Google would keep for a week.
    private func discard() async {
        state = .ended
        buffer = []
        guard let session else { return }
        let client = client
        // The task that gives the upload up is often cancelled. Google clears sessions by itself, so nobody needs to
        // know when this fails.
        await shielded { _ = try? await client.transport.send(HTTPRequest("DELETE", session)).collect(upTo: 1 << 20) }
    }
}

extension GoogleCloudObjectStore {
    /// Begins an upload; asks nothing of Google before the first piece is full.
    public func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        try Task.checkCancellation()
        try validate(key)
        let condition = try WriteCondition(mode, key: key, in: location)
        return GoogleCloudUpload(store: self, key: key, mode: mode, condition: condition)
    }
}
