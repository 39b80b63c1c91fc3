internal import CloudSupport
internal import ObjectStorage
internal import TextEncoding

/// When a write may take effect, and how to recognise it afterwards.
struct WriteCondition: Sendable {
    /// Nobody else's write has it.
    let nonce = Hexadecimal.randomToken()
    /// The query that states the condition.
    let query: [(String, String)]
    private let mode: PutMode
    private let key: String

    /// Makes the condition of one write.
    ///
    /// - Parameters:
    ///   - mode: When it may take effect.
    ///   - key: The object, without the store's prefix.
    ///   - location: The store, for messages.
    /// - Throws: ``ObjectStoreError/Code/preconditionFailed`` for an entity tag that is no generation.
    init(_ mode: PutMode, key: String, in location: String) throws {
        self.mode = mode
        self.key = key
        switch mode {
        case .overwrite: query = []
        case .ifAbsent: query = [("ifGenerationMatch", "0")]
        case .ifMatches(let tag):
            guard let generation = Int64(tag), generation > 0 else {
                throw ObjectStoreError.mismatch(key, in: location, expected: tag, found: "a number")
            }
            query = [("ifGenerationMatch", String(generation))]
        }
    }

    /// The resource of a new object, as JSON.
    ///
    /// - Parameters:
    ///   - configuration: The settings.
    ///   - name: The key in the bucket.
    ///   - checksum: Of all bytes; `nil` when they are not known yet.
    /// - Returns: The document.
    func resource(_ configuration: GoogleCloudConfiguration, name: String, checksum: CRC32C?) -> String {
        var metadata = configuration.metadata
        metadata["highwater-nonce"] = nonce
        if case .ifMatches(let tag) = mode { metadata["highwater-replaced"] = Self.mark(tag, key) }
        return JSONLine.object([
            ("name", JSONString.quoted(name)), ("contentType", "\"application/octet-stream\""),
            ("crc32c", checksum.map { JSONString.quoted($0.base64) }),
            ("storageClass", configuration.storageClass.map(JSONString.quoted)),
            ("metadata", JSONLine.object(metadata)),
        ])
    }

    /// What tells that a write replaced a generation of a very object; copies take metadata along.
    static func mark(_ tag: String, _ key: String) -> String {
        tag + "@" + Hexadecimal.encode(CRC32C(of: Array(key.utf8)).bytes)
    }
}

extension GoogleCloudObjectStore {
    /// Whether a conditional write that Google refused had taken effect in an earlier attempt, whose answer was lost.
    ///
    /// - Returns: The metadata of the object if it is ours.
    /// - Throws: That the write was lost, or that nobody can tell.
    func resolve(_ key: String, _ condition: WriteCondition, _ mode: PutMode, isUncertain: Bool) async throws
        -> ObjectMetadata
    {
        guard isUncertain else { throw ObjectStoreError.lost(key, in: location, mode, found: nil) }
        let found: Found
        do {
            found = try await lookUp(key)
        } catch let error as ObjectStoreError where error.code == .notFound {
            // Whatever stood in the way is gone again, and may have been ours.
            throw unknown(key)
        }
        if found.nonce == condition.nonce { return found.metadata }
        switch mode {
        case .overwrite: throw unknown(key)
        case .ifAbsent:
            // Whoever replaced an object may have replaced ours.
            if found.replaced?.hasSuffix(WriteCondition.mark("", key)) == true { throw unknown(key) }
        case .ifMatches(let expected):
            // Another replaced the very generation that we were to replace, so we did not.
            if found.replaced != WriteCondition.mark(expected, key) { throw unknown(key) }
        }
        throw ObjectStoreError.lost(key, in: location, mode, found: found.metadata.entityTag)
    }

    private func unknown(_ key: String) -> ObjectStoreError {
        ObjectStoreError(
            .unavailable,
            "It is not known whether \(ObjectKey.quoted(key)) was stored in \(location): an answer was lost, and the object "
                + "was changed by others since. Read it and decide anew."
        )
    }
}
