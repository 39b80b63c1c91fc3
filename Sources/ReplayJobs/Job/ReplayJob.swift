public import EventJournal

/// A replay job as its object in the journal has it.
public struct ReplayJob: Sendable, Hashable {
    /// What a job is about.
    public enum State: String, Sendable, Hashable {
        /// It is sending, or was when its process died: then it has an owner that is silent.
        case running
        /// Somebody stopped it; it can be resumed.
        case paused
        /// Somebody ended it for good.
        case cancelled
        /// Everything is sent.
        case done
        /// It met an error; it can be resumed when that is mended.
        case failed

        /// Whether it can be resumed.
        public var isOver: Bool { self == .cancelled || self == .done }
    }

    /// The process at work.
    public struct Owner: Sendable, Hashable {
        /// Its name: one that no other run has.
        public var name: String
        /// Counts up while it lives.
        public var beat: Int
        /// When it last counted, by its own clock; for people.
        public var seen: Timestamp
    }

    /// What keeps a job that is running from getting on: its sink does not take a batch, which is tried again.
    public struct Trouble: Sendable, Hashable {
        /// Which sink, and what it says; for people.
        public var message: String
        /// How many attempts at the batch have failed.
        public var attempts: Int
        /// When the first of them failed, by the owner's clock.
        public var since: Timestamp
        /// When the next one begins.
        public var next: Timestamp
    }

    /// How far it is.
    public struct Progress: Sendable, Hashable {
        /// Records that the sink has acknowledged; those that were sent again count again.
        public var events = 0
        /// Bytes of their payloads, as they were sent.
        public var bytes = 0
        /// The time of the last event sent.
        public var last: Timestamp?
        /// How much of the range is behind it, from 0 to 1; an estimate from what segments say of themselves.
        public var fraction = 0.0
        /// Records a second since the process at work began; 0 before there is one.
        public var eventsPerSecond = 0.0
        /// Bytes a second likewise.
        public var bytesPerSecond = 0.0
        /// How long the rest takes at that pace; `nil` when nobody can tell yet.
        public var timeLeft: Duration?
        /// When this was noted, by the owner's clock.
        public var noted: Timestamp?
    }

    /// Its name: a UUID of version 7, so that later jobs have greater ones.
    public let id: String
    /// What it does.
    public let spec: ReplayJobSpec
    /// When it was made.
    public let created: Timestamp
    /// What it is about.
    public internal(set) var state = State.running
    /// Why it failed; `nil` otherwise.
    public internal(set) var message: String?
    /// What keeps it from getting on, as it was noted last; `nil` when nothing does, or nobody is at work.
    public internal(set) var trouble: Trouble?
    /// The process at work, or that died at work; `nil` when there is none.
    public internal(set) var owner: Owner?
    /// How often it got an owner.
    public internal(set) var epoch = 0
    /// How far it is.
    public internal(set) var progress = Progress()
    /// Behind what to go on; `nil` at the beginning.
    var position: JobPosition?
    /// Whether a process was at the sink, and may have sent what nobody noted.
    var hasBegun = false
    /// What the sink is known by, since a process was there last; `nil` when it has no such thing.
    var sinkMark: String?

    init(id: String, spec: ReplayJobSpec, created: Timestamp) {
        self.id = id
        self.spec = spec
        self.created = created
    }
}
