/// How a replay behaves.
public struct ReplayOptions: Sendable {
    /// What to do about segments that are not what was written.
    public var damage: DamagePolicy
    /// Called for each segment that is skipped, once per replay, before the events behind it arrive.
    public var onDamage: (@Sendable (DamagedSegment) -> Void)?
    /// How many bytes of payload are read ahead at once, 1 MiB or more; default 32 MiB.
    ///
    /// While one such window is consumed the next is read, so a replay holds about three times as much.
    public var windowBytes: Int
    /// Whether only the last event of each key in the range is delivered, and none without a key.
    ///
    /// Which those are is found first, by reading keys and times; that takes up to 91 bytes of memory for each key.
    public var latestPerKey: Bool
    /// Which events to deliver, and what of them; applied to what ``latestPerKey`` leaves.
    public var selection: EventSelection?
    /// Told which event of each key is the last, before any is delivered, and once more when the replay has to look
    /// anew; what it throws ends the replay.
    package var onLatest: (@Sendable ([LatestKey]) async throws -> Void)?
    /// Whether batches say in which append each event arrived, or was updated last.
    package var withBatchIDs = false

    /// Options; the defaults refuse damage.
    public init(
        damage: DamagePolicy = .refuse,
        windowBytes: Int = 32 << 20,
        latestPerKey: Bool = false,
        selection: EventSelection? = nil,
        onDamage: (@Sendable (DamagedSegment) -> Void)? = nil
    ) {
        self.damage = damage
        self.windowBytes = max(windowBytes, 1 << 20)
        self.latestPerKey = latestPerKey
        self.selection = selection
        self.onDamage = onDamage
    }
}

/// The events of a range of time, as batches in order of (timestamp, order of arrival, row).
///
/// The snapshot is taken when the first batch is asked for: everything acknowledged before is in it, nothing that
/// arrives later. The next window is read and decoded while the consumer has the current one. A consumer that stops
/// early ends the reading; cancellation of its task throws `CancellationError`.
///
/// Memory: about three times ``ReplayOptions/windowBytes``, however long the journal is, beside what one single row
/// group or event larger than that takes.
public struct Replay: AsyncSequence, Sendable {
    /// What is delivered.
    public typealias Element = EventBatch

    let range: EventRange
    let options: ReplayOptions
    let origin: ReplaySource.Origin
    let reader: SegmentReader

    /// Begins the replay.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// The same one event at a time; a little slower, since each event's bytes are copied.
    public var events: Events { Events(batches: self) }

    /// Delivers batches.
    public struct Iterator: AsyncIteratorProtocol {
        private let pipeline: ReplayPipeline
        private var batches: ArraySlice<EventBatch> = []

        init(_ replay: Replay) {
            pipeline = ReplayPipeline(
                ReplaySource(
                    range: replay.range,
                    options: replay.options,
                    origin: replay.origin,
                    reader: replay.reader,
                    withBatchIDs: replay.options.withBatchIDs
                )
            )
        }

        /// The next batch, never an empty one; `nil` behind the last.
        public mutating func next() async throws -> EventBatch? {
            while batches.isEmpty {
                guard let window = try await pipeline.next() else { return nil }
                batches = window[...]
            }
            return batches.popFirst()
        }
    }

    /// A replay one event at a time.
    public struct Events: AsyncSequence, Sendable {
        /// What is delivered.
        public typealias Element = Event

        let batches: Replay

        /// Begins the replay.
        public func makeAsyncIterator() -> Iterator { Iterator(batches: batches.makeAsyncIterator()) }

        /// Delivers events.
        public struct Iterator: AsyncIteratorProtocol {
            private var batches: Replay.Iterator
            private var batch = EventBatch()
            private var row = 0

            init(batches: Replay.Iterator) { self.batches = batches }

            /// The next event; `nil` behind the last.
            public mutating func next() async throws -> Event? {
                while row == batch.count {
                    guard let next = try await batches.next() else { return nil }
                    batch = next
                    row = 0
                }
                defer { row += 1 }
                return batch[row]
            }
        }
    }
}
