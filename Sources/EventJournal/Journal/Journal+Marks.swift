internal import ObjectStorage

extension Journal {
    /// The mark with a name, or `nil` when there is none.
    ///
    /// Cost: one get.
    ///
    /// - Throws: ``JournalError/Code/invalidMark`` for an impossible name; ``JournalError/Code/positionExpired`` when
    ///   what is there cannot be read.
    public func mark(_ name: String) async throws -> FollowMark? {
        try await FollowMark.read(name, from: store)?.mark
    }

    /// Moves a mark, if nobody else has, and returns when that is durable.
    ///
    /// Cost: one put; a get more when somebody else was first, or an answer was lost.
    ///
    /// - Parameters:
    ///   - name: 1 to 128 letters, digits, dots, hyphens and underscores.
    ///   - position: Where the follower is now.
    ///   - entityTag: That of the mark as it was read or set last; `nil` for a mark that is not there yet.
    /// - Returns: The mark as it is now.
    /// - Throws: ``JournalError/Code/markMoved`` when the mark is another by now, or gone; then somebody else follows
    ///   with it.
    @discardableResult
    public func setMark(
        _ name: String,
        to position: FollowPosition,
        ifMatches entityTag: String?
    ) async throws -> FollowMark {
        let key = try FollowMark.key(name)
        let bytes = FollowMark.encode(position, nonce: generator.next())
        do {
            let mode: PutMode = entityTag.map { .ifMatches(entityTag: $0) } ?? .ifAbsent
            let stored = try await store.put(key, bytes, mode: mode)
            return FollowMark(
                name: name,
                position: position,
                entityTag: stored.entityTag,
                moved: Timestamp(microseconds: stored.lastModified)
            )
        } catch let error as ObjectStoreError {
            // A lost answer, or a request made twice, may hide that we have won.
            if let found = try await FollowMark.read(name, from: store), found.bytes == bytes { return found.mark }
            guard [.alreadyExists, .preconditionFailed, .notFound].contains(error.code) else {
                throw JournalError.wrapping(error, "Moving the mark \(name) in \(location) failed", object: key)
            }
            throw JournalError(
                .markMoved,
                "Somebody else has moved the mark \(name) in \(location). One follower at a time can use a mark: end the "
                    + "other, or choose another name.",
                object: key,
                cause: error
            )
        }
    }

    /// All marks, by name.
    ///
    /// Cost: one list request per 1000 marks, and a get for each.
    public func marks() async throws -> [FollowMark] {
        var names: [String] = []
        do {
            for try await object in store.listAll(prefix: FollowMark.folder, keysOnly: true)
            where object.key.hasSuffix(FollowMark.suffix) {
                names.append(String(object.key.dropFirst(FollowMark.folder.count).dropLast(FollowMark.suffix.count)))
            }
        } catch {
            throw JournalError.wrapping(error, "Listing the marks of \(location) failed")
        }
        let store = store
        return try await mapConcurrently(names.sorted(), limit: 8) { try await FollowMark.read($0, from: store)?.mark }
            .compactMap(\.self)
    }

    /// Removes a mark; one that is not there counts as removed.
    ///
    /// Cost: one request. A follower that still uses it ends with ``JournalError/Code/markMoved``.
    public func deleteMark(_ name: String) async throws {
        let key = try FollowMark.key(name)
        do {
            try await store.delete(key)
        } catch {
            throw JournalError.wrapping(error, "Removing the mark \(name) in \(location) failed", object: key)
        }
    }
}
