internal import ObjectStorage

/// The parts of a journal that compaction works with; it does not keep the journal itself alive.
struct CompactionContext: Sendable {
    let store: any ObjectStore
    let reader: SegmentReader
    let catalog: Catalog
    let generator: UUIDv7Generator
    let clock: @Sendable () -> Timestamp
    let time: JournalTime
    /// How many row groups are encoded at once.
    var parallelism: Int
    /// What this process has committed, and when.
    let absorbed: AbsorbedObjects

    /// Milliseconds since 1970 UTC.
    var now: Int64 { clock().microseconds / 1000 }

    /// A pause between none and the longest, by chance.
    func jitter(_ longest: Duration) -> Duration {
        longest * (Double(generator.next().low & 0xFFFF_FFFF) / Double(UInt32.max))
    }

    /// Whether an object that is gone is needed no more: absorbed or replaced by somebody else, and then deleted.
    ///
    /// Cost: one request.
    func isSuperseded(_ object: String?) async throws -> Bool {
        guard let object else { return false }
        let newest = try await catalog.current(hint: nil, mustBeNewest: true)
        if let segment = Segment(key: object) { return newest.absorbed.contains(segment.arrival) }
        return !newest.names(object)
    }

    /// The objects of the inbox as they are now, and the catalog behind them.
    ///
    /// Cost: a list request per 1000 objects, and one to the catalog.
    func listing() async throws -> InboxListing {
        var listing = InboxListing()
        do {
            for try await object in store.listAll(prefix: Segment.inbox, keysOnly: true) {
                if let version = CatalogHint.version(object.key) {
                    listing.hints.append(version)
                } else if let version = CatalogAnnouncement.version(object.key) {
                    listing.announcements.append(version)
                } else if let segment = Segment(key: object.key) {
                    generator.observe(segment.arrival)
                    listing.segments.append(segment)
                }
            }
        } catch {
            throw JournalError.wrapping(error, "Listing the inbox of \(store.location) failed")
        }
        listing.state = try await catalog.current(hint: listing.hints.max(), mustBeNewest: true)
        listing.segments.sort { $0.arrival < $1.arrival }
        return listing
    }
}

/// What lay in the inbox at a moment, and what the catalog said behind it.
struct InboxListing: Sendable {
    /// By order of arrival, those that are absorbed already too.
    var segments: [Segment] = []
    /// Versions that hint objects name.
    var hints: [Int64] = []
    /// Versions that were announced.
    var announcements: [Int64] = []
    var state = CatalogState.empty

    /// Those that are not absorbed.
    var waiting: [Segment] { segments.filter { !state.absorbed.contains($0.arrival) } }
}
