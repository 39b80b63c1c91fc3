public import ObjectStorage

/// An event journal: events in segments of Parquet on an object store, appended by anybody, replayed by time.
///
/// Open it once and share it; every method may be called from any number of tasks.
///
///     let journal = try await Journal.open("./commits")
///     try await journal.put(Array("{…}".utf8), id: "ed9b544e", at: .now, key: "doc")
///     for try await batch in journal.replay(after: Timestamp(rfc3339: "2015-01-01")) { … }
///
/// What is acknowledged is durable. What is not acknowledged is there whole or not at all. Readers see every event
/// acknowledged before they began, each id once.
public final class Journal: Sendable {
    /// Where the journal is.
    public let location: String
    let store: any ObjectStore
    let configuration: JournalConfiguration
    let reader: SegmentReader
    let writer: SegmentWriter
    let inbox: Inbox
    let catalog: Catalog
    let generator: UUIDv7Generator
    let queue: AppendQueue
    /// Of updates and deletes, which have segments of their own.
    let changeQueue: AppendQueue
    let clock: @Sendable () -> Timestamp
    let time: JournalTime
    /// What compaction works with.
    let compaction: CompactionContext
    let maintenance: Maintenance
    /// Wakes those who follow through this very object.
    let arrivals: ArrivalSignal
    /// Tells those within this process whom it concerns that a segment was stored.
    let announce: @Sendable (Segment) -> Void

    /// Opens a journal on a store, which holds nothing else.
    ///
    /// No request is made; a journal without a segment is an empty one, and whether the store does hold nothing else is
    /// not looked at: ``open(_:create:configuration:registry:)`` does that.
    ///
    /// - Parameters:
    ///   - store: The store, rooted at the journal.
    ///   - configuration: Settings.
    ///   - clock: What `now` is: for the time of events put without one, and for the names of segments.
    public convenience init(
        store: any ObjectStore,
        configuration: JournalConfiguration = .defaults,
        clock: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.init(store: store, configuration: configuration, generator: UUIDv7Generator(clock: clock), clock: clock)
    }

    /// The same with a generator of names and a course of time of one's own, so that a test can repeat what it does.
    package init(
        store: any ObjectStore,
        configuration: JournalConfiguration,
        generator: UUIDv7Generator,
        time: JournalTime = .system,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.time = time
        self.store = store
        self.configuration = configuration
        self.clock = clock
        location = store.location
        let writer = SegmentWriter(compressionLevel: configuration.compressionLevel)
        let reader = SegmentReader(store: store, parallelism: configuration.parallelism)
        self.generator = generator
        self.writer = writer
        self.reader = reader
        let arrivals = ArrivalSignal()
        self.arrivals = arrivals
        let catalog = Catalog(store: store, time: time, clock: clock)
        self.catalog = catalog
        let inbox = Inbox(store: store, reader: reader, catalog: catalog, generator: generator)
        self.inbox = inbox
        let compaction = CompactionContext(
            store: store,
            reader: reader,
            catalog: catalog,
            generator: generator,
            clock: clock,
            time: time,
            parallelism: configuration.parallelism,
            absorbed: AbsorbedObjects()
        )
        self.compaction = compaction
        let maintenance = Maintenance(settings: configuration.automaticCompaction, context: compaction)
        self.maintenance = maintenance
        let announce: @Sendable (Segment) -> Void = { segment in
            maintenance.count(payloadBytes: segment.payloadBytes)
            arrivals.notify()
        }
        self.announce = announce
        queue = AppendQueue(groupPayloadBytes: configuration.groupPayloadBytes) { batch in
            let sorted = batch.sortedByTimestamp()
            let encoded = try writer.encode(sorted, batchID: generator.next())
            try await Journal.store(encoded, in: store)
            await inbox.remember(encoded.segment, ids: sorted.ids)
            announce(encoded.segment)
        }
        changeQueue = AppendQueue(groupPayloadBytes: configuration.groupPayloadBytes) { batch in
            let encoded = try writer.encode(batch, batchID: generator.next())
            try await Journal.store(encoded, in: store)
            announce(encoded.segment)
        }
    }

    deinit { maintenance.cancel() }

    /// Opens the journal at a URL or path.
    ///
    /// A journal that is to be read must exist; one that is to be written begins with its first segment. A listing
    /// tells, one request for 1000 segments, and moves the clock of segment names past every segment there is.
    ///
    /// A journal does not begin among other things, where nobody could tell its objects from theirs: where there is no
    /// segment yet, another request asks for one object. What an interrupted beginning has left is no obstacle.
    ///
    /// - Parameters:
    ///   - url: A path, or a URL with a scheme of the registry.
    ///   - create: Whether a place without a segment is fine.
    ///   - configuration: Settings.
    ///   - registry: Which schemes there are.
    /// - Returns: The open journal.
    /// - Throws: ``JournalError/Code/storage`` when there is no journal and `create` is false, or the place cannot be
    ///   read; ``JournalError/Code/occupied`` when a new journal would begin among other objects.
    public static func open(
        _ url: String,
        create: Bool = true,
        configuration: JournalConfiguration = .defaults,
        registry: ObjectStoreRegistry = .standard
    ) async throws -> Journal {
        let store: any ObjectStore
        do {
            store = try registry.open(url)
        } catch {
            throw JournalError.wrapping(error, "\(url) cannot be opened")
        }
        let journal = Journal(store: store, configuration: configuration)
        try await journal.observeSegments(create: create)
        return journal
    }

    private func observeSegments(create: Bool) async throws {
        var isEmpty = true
        var payloadBytes = 0
        var segments = 0
        do {
            for try await object in store.listAll(prefix: Segment.inbox, keysOnly: true) {
                isEmpty = false
                if let segment = Segment(key: object.key) {
                    generator.observe(segment.arrival)
                    segments += 1
                    payloadBytes += segment.payloadBytes
                }
            }
            maintenance.see(segments: segments, payloadBytes: payloadBytes)
        } catch {
            throw JournalError.wrapping(error, "\(location) cannot be listed")
        }
        guard isEmpty else { return }
        if create {
            try await requireRoom()
        } else {
            let absent = ObjectStoreError(.notFound, "no object begins with \(Segment.inbox)")
            throw JournalError(
                .storage,
                "There is no journal at \(location). Check the path, or record the first event with `put` or `import`.",
                cause: absent
            )
        }
    }

    /// Stores an encoded segment; a put whose answer was lost is recognised by its name.
    static func store(_ encoded: (segment: Segment, bytes: [UInt8]), in store: any ObjectStore) async throws {
        do {
            try await store.put(encoded.segment.key, encoded.bytes, mode: .ifAbsent)
        } catch let error as ObjectStoreError where error.code == .alreadyExists {
            // Nobody else makes this name: an earlier try of this very put took effect.
            return
        } catch {
            throw JournalError.wrapping(
                error,
                "Storing \(encoded.segment.events) events in \(store.location) failed",
                object: encoded.segment.key
            )
        }
    }
}
