internal import CloudSupport
public import ObjectStorage
internal import TextEncoding

/// Objects in a bucket of Google Cloud Storage, by its JSON API.
///
/// An entity tag is the object's generation, so it changes with every put, also of the same bytes. Requests are bounded
/// in time at every stage, and tried again with full jitter where that may help. A put under a condition whose answer
/// was lost is looked up before it is called lost. See `docs/object-stores.md`.
public struct GoogleCloudObjectStore: ObjectStore {
    let client: GoogleClient

    /// A URL that opens the same place.
    public var location: String { client.location }

    /// Opens a bucket; nothing is asked of it yet.
    ///
    /// - Parameters:
    ///   - configuration: Where it is and how it is used.
    ///   - credentials: What requests are allowed by; `nil` for public buckets and emulators.
    ///   - retries: Hears of attempts that failed and are repeated; by default nobody does.
    /// - Throws: ``ObjectStoreError/Code/invalidURL`` when there can be no such place.
    public init(
        _ configuration: GoogleCloudConfiguration,
        credentials: (any GoogleCredentialsProvider)?,
        retries: ObjectStoreRetry.Observer? = nil
    ) throws {
        let bucket = configuration.bucket
        guard (3...222).contains(bucket.utf8.count),
            bucket.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || [0x2D, 0x2E, 0x5F].contains($0)
            })
        else {
            throw ObjectStoreError(
                .invalidURL,
                "\(ObjectKey.quoted(bucket)) cannot be the name of a bucket: 3 to 222 small letters, digits, dots, hyphens and "
                    + "underscores; write for instance `gs://my-bucket/journal`."
            )
        }
        if !configuration.prefix.isEmpty { try ObjectKey.validate(configuration.prefix) }
        client = try GoogleClient(configuration, credentials: credentials, retries: retries)
    }

    /// The metadata of an object; one request.
    public func head(_ key: String) async throws -> ObjectMetadata { try await lookUp(key).metadata }

    /// Deletes objects, one request each, 32 of them at a time.
    public func delete(_ keys: [String]) async throws -> [DeleteFailure] {
        try Task.checkCancellation()
        return try await withThrowingTaskGroup(of: DeleteFailure?.self) { group in
            var failures: [DeleteFailure] = []
            var running = 0
            for key in keys {
                if running == 32 {
                    if let failure = try await group.next() ?? nil { failures.append(failure) }
                    running -= 1
                }
                group.addTask { try await deleteOne(key) }
                running += 1
            }
            for try await failure in group { if let failure { failures.append(failure) } }
            return failures
        }
    }

    private func deleteOne(_ key: String) async throws -> DeleteFailure? {
        do {
            try validate(key)
            let call = GoogleCall("DELETE", client.object(key), key: key, permission: "storage.objects.delete")
            do {
                _ = try await client.answer(call)
            } catch let failure as GoogleFailure {
                if failure.status == 404, !failure.message.contains("bucket does not exist") { return nil }
                throw client.error(failure, call)
            }
            return nil
        } catch let error as ObjectStoreError {
            return DeleteFailure(key: key, error: error)
        }
    }

    /// One page of the listing; one request.
    ///
    /// Objects whose keys are none here, as the `folder/` of some web consoles, are left out.
    public func list(_ options: ListOptions) async throws -> ListPage {
        try Task.checkCancellation()
        let prefix = client.configuration.keyPrefix
        let fields = options.keysOnly ? "name" : "name,size,generation,updated"
        var query = [
            ("maxResults", String(options.boundedLimit)), ("fields", "prefixes,nextPageToken,items(\(fields))"),
        ]
        if !(prefix + options.prefix).isEmpty { query.append(("prefix", prefix + options.prefix)) }
        if let delimiter = options.delimiter, !delimiter.isEmpty { query.append(("delimiter", delimiter)) }
        if let continuation = options.continuation { query.append(("pageToken", continuation)) }
        if let start = options.startAfter, !(prefix + start).isEmpty { query.append(("startOffset", prefix + start)) }
        let target = "/storage/v1/b/\(client.configuration.bucket)/o" + client.query(query)
        let call = GoogleCall("GET", target, key: "", permission: "storage.objects.list")
        let json: JSONValue
        do {
            json = try await client.answer(call).json()
        } catch let failure as GoogleFailure {
            throw client.error(failure, call)
        }
        func relative(_ name: String) -> String {
            String(decoding: name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
        }
        var page = ListPage(continuation: json["nextPageToken"]?.text)
        for item in json["items"]?.elements ?? [] {
            guard let name = item["name"]?.text else { continue }
            let key = relative(name)
            // Google begins at the key that was given, we behind it.
            if let start = options.startAfter, ObjectKey.areIdentical(key, start) { continue }
            if ObjectKey.firstViolation(in: key) == nil { page.objects.append(Self.metadata(item, key)) }
        }
        page.commonPrefixes = (json["prefixes"]?.elements ?? []).compactMap(\.text).map(relative)
        return page
    }

    /// Throws unless a key is one, and short enough behind the prefix.
    func validate(_ key: String) throws {
        try ObjectKey.validate(key)
        let count = client.configuration.keyPrefix.utf8.count + key.utf8.count
        guard count <= ObjectKey.maximumByteCount else {
            throw ObjectStoreError(
                .invalidKey,
                "The key \(ObjectKey.quoted(key)) is \(count) bytes long behind the prefix of \(location), more than "
                    + "\(ObjectKey.maximumByteCount); choose a shorter one."
            )
        }
    }

    /// An object's metadata, with what our puts leave there.
    struct Found {
        var metadata: ObjectMetadata
        /// Of the put that stored it.
        var nonce: String?
        /// The generation that the put had to match, and of which object.
        var replaced: String?
    }

    /// Looks an object up.
    func lookUp(_ key: String) async throws -> Found {
        try Task.checkCancellation()
        try validate(key)
        let target = client.object(key, [("fields", "name,size,generation,updated,metadata")])
        let call = GoogleCall("GET", target, key: key, permission: "storage.objects.get")
        do {
            let json = try await client.answer(call).json()
            return Found(
                metadata: Self.metadata(json, key),
                nonce: json["metadata"]?["highwater-nonce"]?.text,
                replaced: json["metadata"]?["highwater-replaced"]?.text
            )
        } catch let failure as GoogleFailure {
            throw client.error(failure, call)
        }
    }

    /// The metadata in an object's resource.
    static func metadata(_ json: JSONValue, _ key: String) -> ObjectMetadata {
        ObjectMetadata(
            key: key,
            size: json["size"]?.integer.flatMap { UInt64(exactly: $0) } ?? 0,
            entityTag: json["generation"]?.text ?? "",
            lastModified: json["updated"]?.text.flatMap { UTCTime.parseISO($0) } ?? 0
        )
    }
}
