internal import Parquet

/// Some of what arrived, and how far it takes a follower.
public struct FollowBatch: Sendable {
    /// What became of an event.
    public enum Change: Sendable, Hashable {
        /// The event is new.
        case put
        /// The event has a new version, which the row is as a whole.
        ///
        /// Where clocks differ it may also be another event with this id: of two that were appended one counts by now,
        /// and the other was delivered before.
        case update
        /// The event is gone; the row has its id and timestamp only.
        case delete
    }

    /// The rows in order of arrival; may be empty, when only the position has moved.
    public var events: EventBatch
    /// Keep this when the rows are dealt with: ``Journal/follow(from:options:)`` goes on behind them.
    public var position: FollowPosition
    /// `nil` when all rows are put.
    private let changes: [Change]?

    init(_ events: EventBatch, position: FollowPosition) {
        changes = events.operations.map { operations in
            operations.map { operation in
                switch operation {
                case .put: .put
                case .update: .update
                case .delete: .delete
                }
            }
        }
        self.events = events
        // The row of a delete in the inbox has them, that of one applied by a compaction has not.
        for row in events.operations?.indices ?? 0..<0 where events.operations?[row] == .delete {
            let payload = events.payloads.views[row]
            self.events.payloads.views[row] = ByteView(buffer: payload.buffer, offset: payload.offset, length: 0)
            self.events.keys?.views[row] = .null
            self.events.sources?.views[row] = .null
            self.events.sequences?.views[row] = .null
        }
        self.events.operations = nil
        self.events.batchIDs = nil
        self.position = position
    }

    /// How many rows there are.
    public var count: Int { events.count }

    /// What a row says of its event.
    public func change(at row: Int) -> Change { changes?[row] ?? .put }
}

/// How a follower behaves.
public struct FollowOptions: Sendable {
    /// What to do about segments that are not what was written.
    ///
    /// Those that are skipped count as not arrived: they are delivered once they can be read.
    public var damage: DamagePolicy
    /// Called for each segment that is skipped, once.
    public var onDamage: (@Sendable (DamagedSegment) -> Void)?
    /// Whether to end instead of waiting when everything was delivered.
    public var untilCaughtUp: Bool
    /// With ``untilCaughtUp``, so many looks that find something are enough, where writers never rest.
    package var mostRounds = Int.max
    /// How long to wait until the first look for something new; default 50 ms.
    ///
    /// Doubles with each look that finds nothing.
    public var shortestInterval: Duration
    /// How long to wait at most; default 30 s.
    ///
    /// Appends of the same process are noticed at once.
    public var longestInterval: Duration
    /// How many bytes of payload are read ahead at once where much is to be delivered; default 32 MiB.
    public var windowBytes: Int
    /// Which events to deliver, and what of them.
    ///
    /// Deletes pass. An update whose new version is not kept is delivered as a delete, since the version before may
    /// have been. So whoever applies what is delivered has what a replay with this selection has.
    public var selection: EventSelection?
    /// So many events are delivered at once, if they are of more than one moment.
    package var batchEvents = 64 << 10

    /// Options; the defaults refuse damage and go on for ever.
    public init(
        damage: DamagePolicy = .refuse,
        untilCaughtUp: Bool = false,
        shortestInterval: Duration = .milliseconds(50),
        longestInterval: Duration = .seconds(30),
        windowBytes: Int = 32 << 20,
        selection: EventSelection? = nil,
        onDamage: (@Sendable (DamagedSegment) -> Void)? = nil
    ) {
        self.damage = damage
        self.onDamage = onDamage
        self.untilCaughtUp = untilCaughtUp
        self.shortestInterval = shortestInterval
        self.longestInterval = max(longestInterval, shortestInterval)
        self.windowBytes = max(windowBytes, 1 << 20)
        self.selection = selection
    }
}

/// Where a follower begins.
public enum FollowStart: Sendable, Hashable {
    /// With everything there is, in the order of replay, and then what arrives.
    case beginning
    /// With what arrives from now on.
    case now
    /// Behind what was delivered up to there.
    case position(FollowPosition)
}
