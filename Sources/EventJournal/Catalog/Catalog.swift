internal import DeltaLake
internal import ObjectStorage

/// Loads what the catalog says, and knows how long that may be relied on.
///
/// The catalog is a Delta Lake table; see ``CatalogState``. What a compaction absorbed stays in the inbox for
/// ``absorbedStay`` at least. So a reader that listed the inbox and whose state was the newest ``reliance`` ago still
/// finds in that list whatever was absorbed since, and needs no request to the catalog.
actor Catalog {
    nonisolated let log: DeltaLog
    private let location: String
    private let time: JournalTime
    private let gate = AsyncGate()
    private var state: CatalogState?
    /// When the request was sent that found ``state`` to be the newest.
    private var validated: Duration?

    /// For so long a state is taken to be the newest.
    static let reliance = Duration.seconds(60)
    /// For so long at least an absorbed segment stays in the inbox.
    static let absorbedStay = Duration.seconds(120)

    init(store: any ObjectStore, time: JournalTime, clock: @escaping @Sendable () -> Timestamp) {
        self.time = time
        log = DeltaLog(store: store, clock: { clock().microseconds / 1000 }, sleep: time.sleep)
        location = store.location
    }

    /// The state, which was the newest a moment ago.
    ///
    /// Cost: none while the state may be relied on; one request to find that it is the newest; for the first time two
    /// with a hint, else three or more.
    ///
    /// - Parameters:
    ///   - hint: The version a hint in the inbox names, if there is one.
    ///   - announced: The version that was announced last; see ``CatalogAnnouncement``.
    ///   - mustBeNewest: Whether the last validation may not be relied on.
    /// - Returns: The state; an empty one when nothing was ever compacted.
    /// - Throws: ``JournalError/Code/storage`` or ``JournalError/Code/damagedCatalog``.
    func current(hint: Int64?, announced: Int64? = nil, mustBeNewest: Bool) async throws -> CatalogState {
        try await gate.pass {
            let now = time.now()
            if let state, let validated, !mustBeNewest, now - validated < Catalog.reliance,
                max(hint ?? -1, announced ?? -1) <= state.version
            {
                return state
            }
            do {
                let table: DeltaSnapshot?
                if let known = state?.table {
                    table = try await log.advance(known)
                } else {
                    table = try await log.latest(hint: hint)
                }
                return try take(table, at: now)
            } catch {
                throw Catalog.explaining(error, location)
            }
        }
    }

    /// Takes over what this process has just committed.
    func adopt(_ table: DeltaSnapshot) async throws {
        try await gate.pass { _ = try take(table, at: nil) }
    }

    private func take(_ table: DeltaSnapshot?, at instant: Duration?) throws -> CatalogState {
        if let instant { validated = instant }
        if let state, table?.version ?? -1 <= state.version { return state }
        let next = try CatalogState(table, before: state)
        state = next
        return next
    }

    /// What an error met in the catalog means.
    static func explaining(_ error: any Error, _ location: String) -> any Error {
        guard let error = error as? DeltaLakeError else {
            return JournalError.wrapping(error, "Reading the catalog of \(location) failed")
        }
        if error.storeCode != nil {
            return JournalError(
                .storage,
                "Reading the catalog of \(location) failed: \(error)",
                object: error.object,
                cause: error.cause
            )
        }
        return JournalError(
            .damagedCatalog,
            "The catalog of \(location) cannot be read: \(error)",
            object: error.object,
            cause: error
        )
    }
}
