internal import CloudHTTP
internal import CloudSupport
public import ObjectStorage

extension S3ObjectStore {
    /// Stores an object; one request, and one more when the answer to a conditional put was lost.
    ///
    /// - Throws: ``ObjectStoreError/Code/unavailable`` also when it cannot be told any more whether a put that had to
    ///   match an entity tag took effect: its answer was lost, and the object was replaced since.
    @discardableResult
    public func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try await put(key, bytes, mode: mode, headers: client.configuration.writeHeaders)
    }

    /// The same with the headers that settings add given.
    func put(
        _ key: String,
        _ bytes: [UInt8],
        mode: PutMode,
        headers: [(name: String, value: String)]
    ) async throws -> ObjectMetadata {
        try Task.checkCancellation()
        let condition = WriteCondition(mode, key: key)
        let call = S3Call(
            "PUT",
            try bucketKey(key),
            action: "s3:PutObject",
            headers: headers + condition.metadata + condition.headers,
            body: .object(bytes)
        )
        do {
            let answer = try await client.answer(call)
            return try stored(key, size: UInt64(bytes.count), answer.head.header("etag"), answer.head)
        } catch let failure as S3Failure {
            guard condition.isViolated(by: failure) else { throw client.error(failure, call) }
            return try await resolve(key, condition, mode, failure)
        }
    }

    /// Whether a conditional write that S3 refused had taken effect in an earlier attempt, whose answer was lost.
    ///
    /// - Returns: The metadata of the object if it is ours.
    /// - Throws: That the write was lost, or that nobody can tell.
    func resolve(
        _ key: String,
        _ condition: WriteCondition,
        _ mode: PutMode,
        _ failure: S3Failure
    ) async throws -> ObjectMetadata {
        guard failure.followsUncertainty else { throw ObjectStoreError.lost(key, in: location, mode, found: nil) }
        let found: Found
        do {
            found = try await lookUp(key)
        } catch let error as ObjectStoreError where error.code == .notFound {
            // Whatever stood in the way is gone again, and may have been ours.
            throw unknown(key, failure)
        }
        if found.nonce == condition.nonce { return found.metadata }
        switch mode {
        case .overwrite: throw unknown(key, failure)
        case .ifAbsent:
            // Whoever replaced an object may have replaced ours.
            if found.replaced?.hasSuffix(WriteCondition.mark("", key)) == true { throw unknown(key, failure) }
        case .ifMatches(let expected):
            // Another replaced the very version that we were to replace, so we did not.
            if found.replaced != WriteCondition.mark(expected, key) { throw unknown(key, failure) }
        }
        throw ObjectStoreError.lost(key, in: location, mode, found: found.metadata.entityTag)
    }

    private func unknown(_ key: String, _ failure: S3Failure) -> ObjectStoreError {
        ObjectStoreError(
            .unavailable,
            "It is not known whether \(ObjectKey.quoted(key)) was stored in \(location): an answer was lost, and the object "
                + "was changed by others since. Read it and decide anew.",
            cause: failure
        )
    }

    /// The metadata of what was just stored, with the time of the answer, since S3 tells no other.
    func stored(_ key: String, size: UInt64, _ tag: String?, _ head: HTTPResponse) throws -> ObjectMetadata {
        guard let tag, !tag.isEmpty else {
            throw ObjectStoreError(
                .failed,
                "S3 told no entity tag of \(ObjectKey.quoted(key)), just stored in \(location)."
            )
        }
        let time = head.header("date").flatMap { UTCTime.parseHTTP($0) } ?? UTCTime.now()
        return ObjectMetadata(key: key, size: size, entityTag: tag, lastModified: time)
    }
}

/// When a write may take effect, and how to recognise it afterwards.
struct WriteCondition: Sendable {
    /// Nobody else's write has it.
    let nonce: String
    /// The headers that state the condition.
    let headers: [(name: String, value: String)]
    /// The headers that leave a mark with the object.
    let metadata: [(name: String, value: String)]
    private let mode: PutMode

    /// Makes the condition of one write.
    ///
    /// - Parameters:
    ///   - mode: When it may take effect.
    ///   - key: The object, without the store's prefix.
    ///   - isMarked: Whether to leave a mark also when it may take effect always.
    init(_ mode: PutMode, key: String, isMarked: Bool = false) {
        self.mode = mode
        nonce = Hexadecimal.randomToken()
        let mark = (name: "x-amz-meta-highwater-nonce", value: nonce)
        switch mode {
        case .overwrite:
            headers = []
            metadata = isMarked ? [mark] : []
        case .ifAbsent:
            headers = [("if-none-match", "*")]
            metadata = [mark]
        case .ifMatches(let tag):
            headers = [("if-match", tag)]
            metadata = [mark, ("x-amz-meta-highwater-replaced", Self.mark(tag, key))]
        }
    }

    /// Whether S3 refused the write because its condition did not hold.
    func isViolated(by failure: S3Failure) -> Bool {
        switch mode {
        case .overwrite: false
        case .ifAbsent: failure.status == 412
        case .ifMatches:
            failure.status == 412 || failure.code == "NoSuchKey" || (failure.status == 404 && failure.code.isEmpty)
        }
    }

    /// What tells that a write replaced a version of a very object.
    ///
    /// Copies take metadata along, so the object is part of it; not every store keeps quotation marks in metadata.
    static func mark(_ tag: String, _ key: String) -> String {
        tag.filter { $0 != "\"" } + "@" + Hexadecimal.encode(CRC32C(of: Array(key.utf8)).bytes)
    }
}

extension S3Configuration {
    /// The headers that settings add to each new object.
    var writeHeaders: [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if let storageClass { headers.append(("x-amz-storage-class", storageClass)) }
        switch encryption {
        case nil: break
        case .s3: headers.append(("x-amz-server-side-encryption", "AES256"))
        case .kms(let keyID):
            headers.append(("x-amz-server-side-encryption", "aws:kms"))
            if let keyID { headers.append(("x-amz-server-side-encryption-aws-kms-key-id", keyID)) }
        }
        if !tags.isEmpty {
            headers.append(
                ("x-amz-tagging", PercentEncoding.query(tags.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
            )
        }
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) { headers.append(("x-amz-meta-\(name)", value)) }
        return headers
    }
}
