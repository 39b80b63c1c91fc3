public import EventJournal

/// What every query may be told, whichever engine runs it.
public struct SQLOptions: Sendable {
    /// What it may take.
    public var limits: SQLLimits
    /// How rows are printed.
    public var format: SQLFormat
    /// Only events of this time are in the tables; segments outside are not opened.
    public var range: EventRange
    /// In which zone moments are printed and texts without one are read: a name of the IANA database.
    public var timeZone: String
    /// Whether the engine's plan is printed in place of the rows, which are not made then.
    public var explains: Bool
    /// Where segments of journals on other machines are kept.
    public var cache: SegmentCache
    /// Where temporary files go.
    public var temporaryDirectory: String
    /// Told what is being done, on any thread; more often than a person can read.
    public var progress: (@Sendable (SQLProgress) -> Void)?

    /// Describes a query of everything without limits.
    ///
    /// Without a `cache` there is one of 10 GiB beside the temporary files.
    public init(
        limits: SQLLimits = .none,
        format: SQLFormat = .table,
        range: EventRange = .all,
        timeZone: String = "UTC",
        explains: Bool = false,
        cache: SegmentCache? = nil,
        temporaryDirectory: String = "/tmp"
    ) {
        self.limits = limits
        self.format = format
        self.range = range
        self.timeZone = timeZone
        self.explains = explains
        self.cache = cache ?? SegmentCache(directory: "\(temporaryDirectory)/highwater-cache")
        self.temporaryDirectory = temporaryDirectory
    }
}
