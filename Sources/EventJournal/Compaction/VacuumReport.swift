/// What a vacuum goes by.
public struct VacuumOptions: Sendable, Hashable {
    /// Objects that were replaced are kept for so long; default 7 days.
    ///
    /// Until then whoever has begun to read an older version of the table can read on, also programs other than
    /// Highwater. An older version is readable as long as its commits are, too: see ``logRetention``.
    public var retention: Duration
    /// Whether a retention, or log retention, of less than ``shortestRetention`` is allowed.
    ///
    /// Then nobody else may be compacting: what it has written and not committed yet would be taken for garbage.
    public var allowsShortRetention: Bool
    /// The log of the catalog, and what followers need of it, is kept for so long; default 30 days.
    public var logRetention: Duration
    /// Whether only to say what would be deleted.
    public var isDryRun: Bool

    /// What a retention has to be without ``allowsShortRetention``: one hour.
    public static let shortestRetention = Duration.seconds(3600)
    /// The options with the defaults.
    public static var defaults: VacuumOptions { VacuumOptions() }

    /// Makes options.
    public init(
        retention: Duration = .seconds(7 * 86_400),
        allowsShortRetention: Bool = false,
        logRetention: Duration = .seconds(30 * 86_400),
        isDryRun: Bool = false
    ) {
        self.retention = retention
        self.allowsShortRetention = allowsShortRetention
        self.logRetention = logRetention
        self.isDryRun = isDryRun
    }

    static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }
}

/// What a vacuum deleted, or would delete.
public struct VacuumReport: Sendable, Hashable {
    /// Why an object goes.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// A segment that a compaction replaced before the retention.
        case replaced
        /// An object that nothing names, older than the retention: of a compaction that did not end, or forgotten.
        case unreferenced
        /// A segment of the inbox whose events are in compacted segments.
        case absorbed
        /// A part of the id index that was replaced.
        case replacedIndex
        /// A list of applied changes, or a part of the log, older than its retention.
        case expired
        /// A hint that a newer one stands beside.
        case oldHint
    }

    /// An object that goes.
    public struct Item: Sendable, Hashable {
        /// Its key, relative to the journal.
        public var key: String
        /// Its size; `nil` when it was not asked for.
        public var bytes: Int?
        /// Why it goes.
        public var reason: Reason

        /// Describes an object.
        public init(key: String, bytes: Int?, reason: Reason) {
            self.key = key
            self.bytes = bytes
            self.reason = reason
        }
    }

    /// What was deleted, or would be, by key.
    public var items: [Item] = []
    /// What could not be deleted, with the reason; the next vacuum tries again.
    public var warnings: [String] = []
    /// Whether nothing was deleted because nobody asked for it.
    public var isDryRun = false

    /// How many bytes they have, as far as known.
    public var bytes: Int { items.reduce(0) { $0 + ($1.bytes ?? 0) } }

    /// Nothing.
    public init() {}
}
