internal import ObjectStorage

extension DeltaLog {
    /// The newest state of the table; `nil` when there is no table.
    ///
    /// Requests, when the newest checkpoint is V and the newest version N:
    /// - with a hint at a checkpoint H: the checkpoint and commit H + 1 at the same time, then as ``advance(_:)``;
    ///   2 when H = N.
    /// - without, or when that checkpoint is missing or damaged: `_last_checkpoint`, and then the same with what it
    ///   names; 3 when V = N.
    /// - when that leads nowhere either: also one list request per 1000 objects of the log, then the newest checkpoint
    ///   that can be read, or else the commits from 0 on.
    ///
    /// One get more for each commit whose domains a checkpoint of another program has dropped.
    ///
    /// A checkpoint that is damaged is passed over as long as an older one, or the commits from 0 on, give the state.
    ///
    /// - Parameter hint: A version that is believed to have a checkpoint; may be wrong.
    /// - Returns: The state; ``DeltaSnapshot/validated`` is from before the last request.
    /// - Throws: ``DeltaLakeError/Code/malformed`` when a log entry is damaged or missing.
    public func latest(hint: Int64? = nil) async throws -> DeltaSnapshot? {
        var search = Search()
        if let hint, hint >= 0, let found = try await open(CheckpointName(version: hint), &search) { return found }
        if let last = try await lastCheckpoint(),
            let found = try await open(CheckpointName(version: last.version, parts: last.parts), &search)
        {
            return found
        }
        return try await latestByListing(&search)
    }

    /// The newest state, starting from an older one.
    ///
    /// Requests: one get when the state is the newest. Commits are fetched one by one at first, then 2, 4, 8 and at
    /// last 16 at a time, so n new commits take n + 1 gets for n < 2 and at most 2n + 16 for more. When the state was
    /// last known to be the newest more than an hour ago and no newer commit is found, one more get makes sure that the
    /// log behind it was not cleaned away meanwhile.
    ///
    /// - Parameter snapshot: A state of this table.
    /// - Returns: The newest state, which may be the same with a later ``DeltaSnapshot/validated``.
    /// - Throws: ``DeltaLakeError/Code/malformed`` when a log entry is damaged or missing.
    public func advance(_ snapshot: DeltaSnapshot) async throws -> DeltaSnapshot {
        let isOld = snapshot.validated.duration(to: .now) > DeltaLog.trustedFor
        var builder = SnapshotBuilder(snapshot)
        let hasGap = try await follow(&builder) == .gap
        if hasGap || isOld && builder.version == snapshot.version {
            guard let newer = try await behindCleanUp(builder.version) else {
                if hasGap { throw gap(at: builder.version + 1) }
                return try finish(snapshot, builder)
            }
            return newer
        }
        return try finish(snapshot, builder)
    }

    /// The actions of one commit; `nil` when it is not there, be it not yet or not any more.
    ///
    /// One get. Actions of kinds this module does not know are left out.
    ///
    /// - Throws: ``DeltaLakeError/Code/malformed`` when the log entry is damaged.
    public func actions(ofVersion version: Int64) async throws -> [DeltaAction]? {
        guard version >= 0 else { return nil }
        let key = LogFile.commitKey(version)
        guard let result = try await get(key, upTo: limits.maximumCommitBytes) else { return nil }
        return try CommitFile.decode(result.bytes, object: key, location: store.location)
    }

    // MARK: Checkpoint first

    /// A classic checkpoint in one or more parts.
    struct CheckpointName: Hashable {
        var version: Int64
        var parts = 1
    }

    /// What a search for the newest state has met.
    private struct Search {
        var tried: Set<CheckpointName> = []
        /// Of the first checkpoint that could not be read.
        var failure: DeltaLakeError?
    }

    /// The newest state by way of a checkpoint; `nil` when the checkpoint is missing or damaged.
    private func open(_ name: CheckpointName, _ search: inout Search) async throws -> DeltaSnapshot? {
        guard name.version < .max, search.tried.insert(name).inserted else { return nil }
        let empty = SnapshotBuilder(validated: .now)
        let (started, commit) = try await beside {
            do {
                return Result<[DeltaAction]?, any Error>.success(try await actions(ofVersion: name.version + 1))
            } catch {
                // Of no interest when the checkpoint leads nowhere.
                return .failure(error)
            }
        } _: {
            try await take(name, into: empty, &search)
        }
        guard var builder = started else { return nil }
        if let actions = try commit.get() {
            try builder.apply(actions, version: name.version + 1, object: LogFile.commitKey(name.version + 1))
            if try await follow(&builder) == .gap {
                if let newer = try await behindCleanUp(builder.version) { return newer }
                throw gap(at: builder.version + 1)
            }
        }
        return try finish(builder)
    }

    /// A builder with what a checkpoint says; `nil` when that is missing or damaged.
    private func take(
        _ name: CheckpointName,
        into builder: consuming SnapshotBuilder,
        _ search: inout Search
    ) async throws -> SnapshotBuilder? {
        do {
            guard let actions = try await checkpoint(name) else { return nil }
            try builder.take(checkpoint: actions, version: name.version, object: LogFile.checkpointKey(name.version))
            for (version, names) in builder.missingDomains.sorted(by: { $0.key < $1.key }) {
                builder.recover(names, from: try await self.actions(ofVersion: version))
            }
            return builder
        } catch let error as DeltaLakeError where error.code == .malformed {
            search.failure = search.failure ?? error
            return nil
        }
    }

    private func lastCheckpoint() async throws -> LastCheckpoint? {
        try await get(LogFile.lastCheckpoint, upTo: LastCheckpoint.longest).flatMap { LastCheckpoint($0.bytes) }
    }

    private func checkpoint(_ name: CheckpointName) async throws -> [DeltaAction]? {
        var actions: [DeltaAction] = []
        for key in LogFile.checkpointKeys(name.version, parts: name.parts) {
            guard let result = try await get(key, upTo: limits.maximumCheckpointBytes) else { return nil }
            let reader = CheckpointReader(object: key, location: store.location, limits: limits)
            actions += try reader.actions(result.bytes)
        }
        return actions
    }

    private func latestByListing(_ search: inout Search) async throws -> DeltaSnapshot? {
        let listing = try await LogListing.list(self)
        for name in listing.checkpoints {
            if let found = try await open(name, &search) {
                if let last = listing.lastCommit, last > found.version { throw gap(at: found.version + 1) }
                return found
            }
        }
        guard let first = listing.firstCommit, let last = listing.lastCommit else {
            if let failure = search.failure { throw failure }
            if listing.hasUUIDCheckpoints { throw unreadableCheckpoints() }
            return nil
        }
        guard first == 0 else {
            if let failure = search.failure { throw failure }
            throw listing.hasUUIDCheckpoints ? unreadableCheckpoints() : gap(at: 0)
        }
        var builder = SnapshotBuilder(validated: .now)
        let following = try await follow(&builder, atOnce: DeltaLog.mostAtOnce)
        guard following == .current, last <= builder.version else { throw gap(at: builder.version + 1) }
        return try finish(builder)
    }

    private func unreadableCheckpoints() -> DeltaLakeError {
        DeltaLakeError(
            .unsupported,
            "The log in \(store.location) can be read only from checkpoints with UUIDs in their names (V2), which this "
                + "program does not read; let a program that does write a classic one.",
            object: LogFile.prefix
        )
    }

    // MARK: Commits behind it

    private enum Following { case current, gap }

    /// A snapshot that was the newest this long ago may have been left behind by a clean-up of the log.
    private static let trustedFor = Duration.seconds(3600)
    private static let mostAtOnce = 16

    /// Applies commits up to the newest.
    private func follow(_ builder: inout SnapshotBuilder, atOnce: Int = 1) async throws -> Following {
        var window = atOnce
        var rounds = 0
        var highest: Int64 = -1
        while true {
            let start = ContinuousClock.now
            let first = builder.version + 1
            let found = try await commits(from: first, count: window)
            var isMissing = false
            for (offset, actions) in found.enumerated() {
                let version = first + Int64(offset)
                guard let actions else {
                    isMissing = true
                    continue
                }
                highest = version
                if isMissing { continue }
                try builder.apply(actions, version: version, object: LogFile.commitKey(version))
            }
            if isMissing {
                if highest <= builder.version {
                    builder.validated = start
                    return .current
                }
                // A later commit was there: by now this one must be, or it will never be.
                guard let actions = try await actions(ofVersion: builder.version + 1) else { return .gap }
                try builder.apply(
                    actions,
                    version: builder.version + 1,
                    object: LogFile.commitKey(builder.version + 1)
                )
                window = 1
                rounds = 0
                continue
            }
            rounds += 1
            if rounds > 1 { window = min(window * 2, DeltaLog.mostAtOnce) }
        }
    }

    private func finish(_ builder: SnapshotBuilder) throws -> DeltaSnapshot {
        var snapshot = try builder.snapshot()
        snapshot.expireTombstones(before: clock() - snapshot.tombstoneRetention)
        return snapshot
    }

    private func finish(_ old: DeltaSnapshot, _ builder: SnapshotBuilder) throws -> DeltaSnapshot {
        guard builder.version == old.version else { return try finish(builder) }
        var snapshot = old
        snapshot.validated = builder.validated
        return snapshot
    }

    /// The newest state by way of `_last_checkpoint`, if that is newer than a version.
    private func behindCleanUp(_ version: Int64) async throws -> DeltaSnapshot? {
        guard let last = try await lastCheckpoint(), last.version > version else { return nil }
        var search = Search()
        return try await open(CheckpointName(version: last.version, parts: last.parts), &search)
    }

    private func gap(at version: Int64) -> DeltaLakeError {
        let key = LogFile.commitKey(version)
        return DeltaLakeError(
            .malformed,
            "\(key) in \(store.location) is missing, though the log goes on behind it; restore it from a copy.",
            object: key
        )
    }

    /// Some commits, fetched at the same time.
    private func commits(from first: Int64, count: Int) async throws -> [[DeltaAction]?] {
        if count == 1 { return [try await actions(ofVersion: first)] }
        return try await withThrowingTaskGroup(of: (Int, [DeltaAction]?).self) { group in
            for offset in 0..<count {
                group.addTask { (offset, try await actions(ofVersion: first + Int64(offset))) }
            }
            var found: [[DeltaAction]?] = Array(repeating: nil, count: count)
            for try await (offset, actions) in group { found[offset] = actions }
            return found
        }
    }
}
