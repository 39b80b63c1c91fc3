extension ObjectStore {
    /// Reads a whole object that is no larger than a limit.
    ///
    /// One request, two when it is empty.
    ///
    /// - Parameters:
    ///   - key: The object.
    ///   - limit: The most bytes to accept; at most one more is transferred.
    /// - Returns: The object.
    /// - Throws: ``ObjectStoreError/Code/notFound``; ``ObjectStoreError/Code/failed`` when the object is larger;
    ///   ``ObjectStoreError/Code/damaged`` when the store delivered only a part of it.
    public func get(_ key: String, upTo limit: Int) async throws -> GetResult {
        precondition(limit >= 0, "A limit of \(limit) bytes makes no sense")
        let result: GetResult
        do {
            result = try await get(key, range: .range(0..<UInt64(limit) + 1))
        } catch let error as ObjectStoreError where error.code == .invalidRange {
            // Not even the first byte exists: the object is empty, or was and has just been replaced.
            result = try await get(key, range: nil)
        }
        guard result.metadata.size <= UInt64(limit) else {
            throw ObjectStoreError(
                .failed,
                "\(ObjectKey.quoted(key)) in \(location) has \(result.metadata.size) bytes where at most \(limit) "
                    + "were expected; raise the limit, or look whether it is the right object."
            )
        }
        guard UInt64(result.bytes.count) == result.metadata.size, result.offset == 0 else {
            throw ObjectStoreError(
                .damaged,
                "\(ObjectKey.quoted(key)) in \(location) has \(result.metadata.size) bytes, but "
                    + "\(result.bytes.count) arrived; read it again."
            )
        }
        return result
    }

    /// Reads a whole object that is no larger than a limit, or `nil` when there is none.
    ///
    /// - Throws: As ``get(_:upTo:)``, but for ``ObjectStoreError/Code/notFound``.
    public func getIfPresent(_ key: String, upTo limit: Int) async throws -> GetResult? {
        do {
            return try await get(key, upTo: limit)
        } catch let error as ObjectStoreError where error.code == .notFound {
            return nil
        }
    }

    /// Reads exactly the bytes of a range.
    ///
    /// One request.
    ///
    /// - Throws: ``ObjectStoreError/Code/invalidRange`` also when the range ends behind the end of the object;
    ///   ``ObjectStoreError/Code/damaged`` when the store delivered only a part of it.
    public func read(_ key: String, _ range: Range<UInt64>) async throws -> [UInt8] {
        if range.isEmpty { return [] }
        let result = try await get(key, range: .range(range))
        guard result.metadata.size >= range.upperBound else {
            throw ObjectStoreError(
                .invalidRange,
                "\(ObjectKey.quoted(key)) in \(location) has \(result.metadata.size) bytes, where \(range) were asked "
                    + "for; it was cut short, or whoever named the range is wrong."
            )
        }
        guard UInt64(result.bytes.count) == range.upperBound - range.lowerBound, result.offset == range.lowerBound
        else {
            throw ObjectStoreError(
                .damaged,
                "\(result.bytes.count) bytes from \(result.offset) on arrived of \(ObjectKey.quoted(key)) in "
                    + "\(location), where \(range) were asked for; read it again."
            )
        }
        return result.bytes
    }

    /// The metadata of an object, or `nil` when there is none.
    ///
    /// One request.
    public func headIfPresent(_ key: String) async throws -> ObjectMetadata? {
        do {
            return try await head(key)
        } catch let error as ObjectStoreError where error.code == .notFound {
            return nil
        }
    }

    /// Whether there is an object.
    ///
    /// One request.
    public func exists(_ key: String) async throws -> Bool {
        try await headIfPresent(key) != nil
    }

    /// Stores an object, whether or not there was one; see ``put(_:_:mode:)``.
    @discardableResult
    public func put(_ key: String, _ bytes: [UInt8]) async throws -> ObjectMetadata {
        try await put(key, bytes, mode: .overwrite)
    }

    /// Stores an object if there is none; `nil` when there is.
    ///
    /// - Throws: As ``put(_:_:mode:)``, but for ``ObjectStoreError/Code/alreadyExists``.
    @discardableResult
    public func putIfAbsent(_ key: String, _ bytes: [UInt8]) async throws -> ObjectMetadata? {
        do {
            return try await put(key, bytes, mode: .ifAbsent)
        } catch let error as ObjectStoreError where error.code == .alreadyExists {
            return nil
        }
    }

    /// Stores what a closure writes, as one object that appears whole when the closure has returned.
    ///
    /// When the closure throws, or the task is cancelled in it, the upload is aborted and nothing is stored.
    ///
    /// - Parameters:
    ///   - key: The object.
    ///   - mode: When the upload may take effect; decided at its end.
    ///   - body: Writes the pieces.
    /// - Returns: The metadata of the object stored.
    /// - Throws: What the closure threw, or why the object could not be stored.
    @discardableResult
    public func upload(
        _ key: String,
        mode: PutMode = .overwrite,
        _ body: (any ObjectUpload) async throws -> Void
    ) async throws -> ObjectMetadata {
        let upload = try await beginUpload(key, mode: mode)
        do {
            try await body(upload)
        } catch {
            await upload.abort()
            throw error
        }
        return try await upload.complete()
    }

    /// Deletes an object; one that does not exist counts as deleted.
    ///
    /// - Throws: Why the object may still exist.
    public func delete(_ key: String) async throws {
        if let failure = try await delete([key]).first { throw failure.error }
    }

    /// Copies an object, whether or not the destination exists; see ``copy(_:to:mode:)``.
    @discardableResult
    public func copy(_ source: String, to destination: String) async throws -> ObjectMetadata {
        try await copy(source, to: destination, mode: .overwrite)
    }

    /// All objects whose keys begin with a prefix, page by page as they are consumed.
    ///
    /// - Parameters:
    ///   - prefix: What the keys begin with; empty for all.
    ///   - startAfter: Only keys greater than this, by UTF-8 bytes.
    ///   - keysOnly: Whether keys alone will do; see ``ListOptions/keysOnly``.
    /// - Returns: A sequence that lists anew each time it is gone through.
    public func listAll(prefix: String = "", startAfter: String? = nil, keysOnly: Bool = false) -> ObjectListing {
        ObjectListing(store: self, options: ListOptions(prefix: prefix, startAfter: startAfter, keysOnly: keysOnly))
    }
}
