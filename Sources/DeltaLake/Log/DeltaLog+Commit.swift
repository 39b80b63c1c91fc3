internal import ObjectStorage
internal import TextEncoding

extension DeltaLog {
    /// Commits some actions as a version, if nobody else has done so.
    ///
    /// The log entry carries a nonce in its `commitInfo`, which is added if there is none. When the answer to the put
    /// is lost, the entry is read back: the commit has won if the nonce is there. The put is made again while it fails
    /// with a transient error; it is the same entry each time, so that it counts once.
    ///
    /// For each domain a transaction is added that says in which version it was set, by which a domain is found again
    /// that a checkpoint of another program dropped.
    ///
    /// Whether the actions may follow the version before is up to the caller, who must have built them on it, after
    /// ``DeltaSnapshot/requireWritable()``.
    ///
    /// Requests: one put; a get more when another commit is there already or the put's outcome is unknown.
    ///
    /// - Parameters:
    ///   - actions: At most one for each file, domain and application, and at most one `protocol`, `metaData` and
    ///     `commitInfo`. Version 0 needs `protocol` and `metaData`.
    ///   - version: The version to become: that of the newest state + 1.
    /// - Returns: `true` when these actions are the version now, `false` when another commit is.
    /// - Throws: ``DeltaLakeError/Code/invalidArgument`` for actions that cannot be one commit;
    ///   ``DeltaLakeError/Code/storage`` when nothing was committed; ``DeltaLakeError/Code/unknownOutcome`` when the
    ///   commit may or may not count, now or later. After a `CancellationError` it may or may not count, too.
    public func commit(_ actions: [DeltaAction], version: Int64) async throws -> Bool {
        try CommitRules.check(actions, version: version)
        let (actions, nonce) = DeltaLog.withNonce(DomainMarks.marking(actions, version: version))
        let key = LogFile.commitKey(version)
        let bytes = CommitFile.encode(actions)
        guard bytes.count <= limits.maximumCommitBytes else {
            throw DeltaLakeError(
                .invalidArgument,
                "A commit of \(bytes.count) bytes, where at most \(limits.maximumCommitBytes) are read; split it.",
                object: key
            )
        }
        var failures = 0
        var isUncertain = false
        while true {
            let failure: ObjectStoreError
            do {
                try await store.put(key, bytes, mode: .ifAbsent)
                return true
            } catch let error as ObjectStoreError {
                failure = error
            }
            if failure.code != .alreadyExists {
                guard isUncertain || !DeltaLog.isWithoutEffect(failure) else {
                    throw storageError(failure, "Committing", key)
                }
                isUncertain = true
            }
            // Also a put that has found the key taken may have met its own effect: stores make requests again, too.
            do {
                if let isOurs = try await isCommitted(version, nonce: nonce) { return isOurs }
            } catch let error as DeltaLakeError {
                throw unknownOutcome(key, error)
            }
            failures += 1
            let isRetryable = failure.code == .alreadyExists || RetryPolicy.isTransient(failure)
            guard isRetryable, failures < retryPolicy.attempts else { throw unknownOutcome(key, failure) }
            try await wait(after: failures)
        }
    }

    /// Whether the commit of a version has a nonce; `nil` when there is none.
    private func isCommitted(_ version: Int64, nonce: String) async throws -> Bool? {
        let key = LogFile.commitKey(version)
        guard let result = try await get(key, upTo: limits.maximumCommitBytes) else { return nil }
        // Only the first line of an entry of ours has the nonce; what others write need not be understood here.
        return result.bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1).first
            .map { line in
                guard let value = try? JSONValue.parse(line) else { return false }
                return value["commitInfo"]?["highwaterNonce"] == .string(nonce)
            } ?? false
    }

    /// Errors after which a put has surely had no effect.
    private static func isWithoutEffect(_ error: ObjectStoreError) -> Bool {
        switch error.code {
        case .invalidKey, .permissionDenied, .readOnly, .preconditionFailed, .invalidURL: true
        default: false
        }
    }

    private func unknownOutcome(_ key: String, _ error: any Error) -> DeltaLakeError {
        DeltaLakeError(
            .unknownOutcome,
            "Whether \(key) in \(store.location) was committed could not be found out; when the store answers again, "
                + "load the table anew and see what is missing.",
            object: key,
            cause: (error as? DeltaLakeError)?.cause ?? error
        )
    }

    // MARK: The nonce

    /// The actions with a nonce, `commitInfo` first.
    private static func withNonce(_ actions: [DeltaAction]) -> (actions: [DeltaAction], nonce: String) {
        var info = CommitInfo()
        var others: [DeltaAction] = []
        for action in actions {
            if case .commitInfo(let given) = action { info = given } else { others.append(action) }
        }
        let nonce = info.highwaterNonce ?? randomUUID()
        info.highwaterNonce = nonce
        return ([.commitInfo(info)] + others, nonce)
    }

    /// A random UUID (RFC 9562 section 5.4).
    private static func randomUUID() -> String {
        let high = UInt64.random(in: .min ... .max) & ~0xF000 | 0x4000
        let low = UInt64.random(in: .min ... .max) & ~(3 << 62) | 2 << 62
        let text = [high, low]
            .map { half in
                let digits = String(half, radix: 16)
                return String(repeating: "0", count: 16 - digits.utf8.count) + digits
            }
            .joined()
        var pieces: [Substring] = []
        var rest = text[...]
        for length in [8, 4, 4, 4, 12] {
            pieces.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return pieces.joined(separator: "-")
    }
}
