public import AWSSigning
internal import CloudHTTP
internal import CloudSupport
public import ObjectStorage

/// Objects in a bucket of Amazon S3, or of a store that speaks its language.
///
/// Requests are signed, sent over pooled connections, bounded in time at every stage, and tried again with full jitter
/// where that may help. A put under a condition whose answer was lost is looked up before it is called lost. See
/// `docs/object-stores.md` for URLs, credentials, guarantees and costs.
public struct S3ObjectStore: ObjectStore {
    let client: S3Client

    /// A URL that opens the same place.
    public var location: String { client.location }

    /// Opens a bucket; nothing is asked of it yet.
    ///
    /// - Parameters:
    ///   - configuration: Where it is and how it is used.
    ///   - credentials: What requests are signed with; `nil` sends them unsigned, for public buckets.
    ///   - retries: Hears of attempts that failed and are repeated; by default nobody does.
    /// - Throws: ``ObjectStoreError/Code/invalidURL`` when there can be no such place.
    public init(
        _ configuration: S3Configuration,
        credentials: (any AWSCredentialsProvider)?,
        retries: ObjectStoreRetry.Observer? = nil
    ) throws {
        if !configuration.prefix.isEmpty { try ObjectKey.validate(configuration.prefix) }
        client = try S3Client(configuration, credentials: credentials, retries: retries)
    }

    /// The metadata of an object; one request.
    public func head(_ key: String) async throws -> ObjectMetadata {
        try await lookUp(key).metadata
    }

    /// Deletes objects, up to a thousand a request; a single one by a request of its own.
    public func delete(_ keys: [String]) async throws -> [DeleteFailure] {
        try Task.checkCancellation()
        return try await S3Deletion(client: client).delete(keys)
    }

    /// One page of the listing; one request.
    ///
    /// Objects whose keys are none here, as the `folder/` of some web consoles, are left out.
    public func list(_ options: ListOptions) async throws -> ListPage {
        try Task.checkCancellation()
        let prefix = client.configuration.keyPrefix
        var query = [
            (name: "list-type", value: "2"), ("encoding-type", "url"), ("max-keys", String(options.boundedLimit)),
        ]
        if !(prefix + options.prefix).isEmpty { query.append(("prefix", prefix + options.prefix)) }
        if let delimiter = options.delimiter, !delimiter.isEmpty { query.append(("delimiter", delimiter)) }
        if let continuation = options.continuation {
            query.append(("continuation-token", continuation))
        } else if let start = options.startAfter, !(prefix + start).isEmpty {
            query.append(("start-after", prefix + start))
        }
        let call = S3Call("GET", nil, action: "s3:ListBucket", query: query)
        do {
            let answer = try await client.answer(call)
            return try ListDocument.parse(answer.body, prefix: prefix)
        } catch let failure as S3Failure {
            throw client.error(failure, call)
        } catch let failure as XMLReader.Failure {
            throw ObjectStoreError(
                .failed,
                "What came as the listing of \(location) is none; is \(client.endpoint.host) an S3 endpoint?",
                cause: failure
            )
        }
    }

    /// The key in the bucket.
    ///
    /// - Throws: ``ObjectStoreError/Code/invalidKey``, also when it is too long together with the prefix.
    func bucketKey(_ key: String) throws -> String {
        try ObjectKey.validate(key)
        let prefix = client.configuration.keyPrefix
        if prefix.isEmpty { return key }
        let whole = prefix + key
        guard whole.utf8.count <= ObjectKey.maximumByteCount else {
            throw ObjectStoreError(
                .invalidKey,
                "The key \(ObjectKey.quoted(key)) is \(whole.utf8.count) bytes long behind the prefix of \(location), more "
                    + "than \(ObjectKey.maximumByteCount); choose a shorter one."
            )
        }
        return whole
    }

    /// An object's metadata, with what our puts leave there.
    struct Found {
        var metadata: ObjectMetadata
        /// Of the put that stored it.
        var nonce: String?
        /// The entity tag that the put had to match.
        var replaced: String?
    }

    /// Looks an object up.
    func lookUp(_ key: String) async throws -> Found {
        try Task.checkCancellation()
        let call = S3Call("HEAD", try bucketKey(key), action: "s3:GetObject")
        do {
            let answer = try await client.answer(call)
            guard let size = answer.head.contentLength.flatMap({ UInt64(exactly: $0) }),
                let tag = answer.head.header("etag")
            else {
                throw ObjectStoreError(
                    .failed,
                    "S3 told neither size nor entity tag of \(ObjectKey.quoted(key)) in \(location)."
                )
            }
            let time = answer.head.header("last-modified").flatMap { UTCTime.parseHTTP($0) } ?? 0
            return Found(
                metadata: ObjectMetadata(key: key, size: size, entityTag: tag, lastModified: time),
                nonce: answer.head.header("x-amz-meta-highwater-nonce"),
                replaced: answer.head.header("x-amz-meta-highwater-replaced")
            )
        } catch let failure as S3Failure {
            throw client.error(failure, call)
        }
    }
}
