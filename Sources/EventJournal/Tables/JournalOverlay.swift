package import ObjectStorage
internal import Synchronization

/// A journal as it would be if some more events were appended to it now, without appending them.
///
/// Their segments lie in another store, and readers of ``journal()`` find them in the inbox, behind all others. So what
/// counts of an id that is there twice, and what an update does, is decided where it is decided for every reader.
package final class JournalOverlay: Sendable {
    private let base: Journal
    private let segments: any ObjectStore
    /// How many segments there are, and their keys.
    private let keys = Mutex<[String]>([])
    /// Compressed as little as can be: they are read once.
    private let writer = SegmentWriter(compressionLevel: 1)

    /// Later than every name that a clock makes: of the same record in a segment of the journal the journal's counts,
    /// with the updates it has there.
    private static let latest = UInt64(0xFFFF_FFFF_FFFF_7000)

    /// Begins without events.
    ///
    /// - Parameters:
    ///   - base: The journal, which is only read.
    ///   - segments: An empty store for what is added; a directory that is thrown away.
    package init(over base: Journal, in segments: any ObjectStore) {
        self.base = base
        self.segments = segments
    }

    /// Adds events.
    ///
    /// Cost: one put. Memory: the batch once more while it is encoded.
    ///
    /// - Parameter batch: At least one event.
    /// - Throws: ``JournalError/Code/invalidEvent``, ``JournalError/Code/storage`` when the other store fails.
    package func add(_ batch: EventBatch) async throws {
        try batch.validate()
        let number = UInt64(keys.withLock { $0.count })
        let batchID = UUIDv7(high: JournalOverlay.latest | number >> 32, low: 1 << 63 | (number & 0xFFFF_FFFF))
        let encoded = try writer.encode(batch.firstOfEachID().batch, batchID: batchID)
        try await Journal.store(encoded, in: segments)
        keys.withLock { $0.append(encoded.segment.key) }
    }

    /// The journal with what was added so far; it cannot be written.
    ///
    /// What was acknowledged before one of its methods is called is in what that sees, as in the journal itself.
    package func journal() -> Journal {
        var configuration = base.configuration
        configuration.automaticCompaction = nil
        let store = OverlaidObjectStore(base: base.objects, segments: segments, keys: Set(keys.withLock(\.self)))
        return Journal(store: store, configuration: configuration)
    }
}

/// A journal's store with more segments in its inbox; read only.
struct OverlaidObjectStore: ObjectStore {
    let base: any ObjectStore
    let segments: any ObjectStore
    let keys: Set<String>

    var location: String { base.location }

    func list(_ options: ListOptions) async throws -> ListPage {
        var page = try await base.list(options)
        // Behind the last page: a list need not be in order.
        if page.continuation == nil, Segment.inbox.hasPrefix(options.prefix), options.delimiter == nil {
            page.objects += try await segments.listAll(prefix: Segment.inbox, startAfter: options.startAfter)
                .collect(upTo: .max)
        }
        return page
    }

    func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        try await (keys.contains(key) ? segments : base).get(key, range: range)
    }

    func head(_ key: String) async throws -> ObjectMetadata {
        try await (keys.contains(key) ? segments : base).head(key)
    }

    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata { throw refusal }
    func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload { throw refusal }
    func delete(_ keys: [String]) async throws -> [DeleteFailure] { throw refusal }
    func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata { throw refusal }

    private var refusal: ObjectStoreError {
        ObjectStoreError(
            .readOnly,
            "\(location) is seen together with events that are not in it, and is not written so"
        )
    }
}
