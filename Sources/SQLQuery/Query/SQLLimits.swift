/// What one query may take.
public struct SQLLimits: Sendable, Hashable {
    /// Bytes of memory of the engine, beyond which it uses ``temporaryBytes`` or gives up; `nil` for 80 % of the
    /// machine's.
    public var memoryBytes: Int?
    /// Bytes of temporary files; `nil` for 90 % of what is free on their file system.
    public var temporaryBytes: Int?
    /// How many threads the engine uses; `nil` for one a processor.
    public var threads: Int?
    /// How long the query may take altogether; `nil` for ever.
    public var duration: Duration?

    /// No limits but those of the machine.
    public static var none: SQLLimits { SQLLimits() }

    /// Makes limits.
    public init(
        memoryBytes: Int? = nil,
        temporaryBytes: Int? = nil,
        threads: Int? = nil,
        duration: Duration? = nil
    ) {
        self.memoryBytes = memoryBytes
        self.temporaryBytes = temporaryBytes
        self.threads = threads
        self.duration = duration
    }
}
