internal import ObjectStorage

/// The journal as it is now: what is listed, less what the catalog has absorbed.
extension Inbox {
    /// Lets one caller at a time conclude something from the journal as it is now.
    ///
    /// What the catalog names may be gone by the time it is read: another compaction has replaced it, and what was
    /// replaced was deleted. Then the newest catalog names others, and the conclusion is drawn from those.
    ///
    /// - Parameters:
    ///   - refreshing: Whether to look at the journal first, or go by the last refresh.
    ///   - validating: Whether the catalog is asked in any case.
    ///   - body: Draws the conclusion.
    /// - Returns: The conclusion.
    /// - Throws: What `body` throws; of an object that is gone only if the newest catalog and the inbox still have it.
    func looking<Conclusion>(
        refreshing: Bool = true,
        validating: Bool = false,
        _ body: () async throws -> Conclusion
    ) async throws -> Conclusion {
        try await gate.pass {
            var isRefreshed = !refreshing
            while true {
                do {
                    if !isRefreshed {
                        try await refresh(validating: validating)
                        isRefreshed = true
                    }
                    return try await body()
                } catch let error as JournalError where error.isMissing {
                    guard let object = error.object else { throw error }
                    try await refresh(validating: true)
                    isRefreshed = true
                    if isNamed(object) { throw error }
                }
            }
        }
    }

    private func isNamed(_ object: String) -> Bool {
        known.contains(object) || damaged[object] != nil || state.names(object)
    }

    /// Lists the inbox, asks the catalog where that is needed, and takes in what is new.
    ///
    /// - Parameter validating: Whether the catalog is asked in any case.
    /// - Throws: ``JournalError/Code/storage`` and whatever is wrong with the catalog; damaged segments are only noted.
    func refresh(validating: Bool = false) async throws {
        loadedIDs = [:]
        let objects = try await list()
        // In this order: what a compaction absorbs between the two is found in the inbox or in the catalog, not in
        // neither.
        try await take(state: try await newestState(objects, validating))
        do {
            try await take(objects)
        } catch let error as JournalError where error.code == .damagedSegment {
            clear()
            // A segment was sound when its ids were read, and is not any more: a fresh start leaves it out.
            guard error.isMissing else { return try await take(objects) }
            // It is gone since it was listed, because it was absorbed; if it is listed again it counts as damaged.
            let newer = try await list()
            try await take(state: try await newestState(newer, true))
            missesAreDamage = true
            defer { missesAreDamage = false }
            try await take(newer)
        }
    }

    private func list() async throws -> [ObjectMetadata] {
        do {
            return try await store.listAll(prefix: Segment.inbox, keysOnly: true).collect(upTo: Inbox.maximumSegments)
        } catch {
            throw JournalError.wrapping(error, "Listing the segments of \(store.location) failed")
        }
    }

    private func newestState(_ objects: [ObjectMetadata], _ validating: Bool) async throws -> CatalogState {
        let hint = objects.lazy.compactMap { CatalogHint.version($0.key) }.max()
        let listed = Set(objects.lazy.map(\.key))
        // What is gone was absorbed, or somebody deleted it.
        let isMissing = !known.isSubset(of: listed)
        let announced = objects.lazy.compactMap { CatalogAnnouncement.version($0.key) }.max()
        return try await catalog.current(hint: hint, announced: announced, mustBeNewest: isMissing || validating)
    }

    private func take(state next: CatalogState) async throws {
        guard next.version != state.version else { return }
        let isAbsorbed =
            segments.contains { next.absorbed.contains($0.arrival) }
            || changeSegments.contains { next.absorbed.contains($0.arrival) }
        if next.runs != state.runs { taken = [:] }
        state = next
        absorbedKeys = []
        for batchID in next.inbox.absorbed { generator.observe(batchID) }
        // The rows of what was absorbed are out of the inbox, and may have hidden others of it.
        if isAbsorbed { clear() } else { invalidate() }
    }

    /// Learns what is new among the objects of the folder, and tries those again that could not be read so far: one
    /// that was cut short on its way here may arrive whole, and one that was damaged may have been restored.
    private func take(_ objects: [ObjectMetadata]) async throws {
        var fresh: [Segment] = []
        var present = 0
        var broken: [String: DamagedSegment] = [:]
        for object in objects {
            if known.contains(object.key) {
                present += 1
            } else if absorbedKeys.contains(object.key) {
                continue
            } else if let segment = Segment(key: object.key) {
                generator.observe(segment.arrival)
                if state.absorbed.contains(segment.arrival) {
                    absorbedKeys.insert(object.key)
                } else {
                    fresh.append(segment)
                }
            } else if object.key.hasSuffix(Segment.suffix) {
                broken[object.key] = Inbox.misnamed(object.key)
            }
        }
        // A segment that is gone may have hidden rows of others: only a fresh start tells which count now.
        if present < known.count {
            clear()
            fresh = objects.compactMap { Segment(key: $0.key) }.filter { !state.absorbed.contains($0.arrival) }
        }
        if !broken.isEmpty || !damaged.isEmpty {
            damaged = broken
            invalidate()
        }
        fresh.sort { $0.arrival < $1.arrival }
        try await resolveSuspects()
        // Ids of the inbox are looked up in the index next, most of the time: its filters come beside them.
        let (index, runs) = (lookup.index, reader.isFar && !fresh.isEmpty ? state.runs : [])
        _ = try await beside {
            await Inbox.prepare(index, runs)
        } _: {
            try await load(fresh.filter { !$0.isChanges })
            try await loadChanges(fresh.filter(\.isChanges))
        }
        for segment in fresh { rememberedIDs -= remembered.removeValue(forKey: segment.key)?.count ?? 0 }
    }

    /// Reads the filters of the index ahead; whoever needs one that cannot be read meets the error then.
    private static func prepare(_ index: IndexReader, _ runs: [IndexRun]) async -> Bool {
        do {
            try await index.prepare(runs)
            return true
        } catch {
            return false
        }
    }

    private static func misnamed(_ key: String) -> DamagedSegment {
        let error = JournalError(
            .damagedSegment,
            "The object \(key) has no segment's name, so nothing is known of what is inside; "
                + "move it out of \(Segment.inbox) if it does not belong there.",
            object: key
        )
        return DamagedSegment(object: key, events: nil, error: error)
    }

    /// More objects than this in the inbox are refused; compaction is long overdue then.
    private static let maximumSegments = 10_000_000
}
