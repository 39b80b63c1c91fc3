/// Why a stream cannot be archived.
public struct ArchiveError: Error, Sendable, CustomStringConvertible {
    /// What to do about it, for programs.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name.
        public let description: String

        /// The name of a stream, a shard or a position is not one that can be stored.
        public static let invalidName = Code(description: "invalidName")
        /// The ledger of the archivers is not what was written.
        public static let damagedLedger = Code(description: "damagedLedger")
        /// Another archiver has taken over meanwhile; nothing was stored.
        public static let leaseLost = Code(description: "leaseLost")
        /// The ledger could not be changed: others change it all the time.
        public static let contention = Code(description: "contention")
    }

    /// What to do about it, for programs.
    public let code: Code
    /// What happened to which object, and what to do.
    public let message: String

    /// Makes an error.
    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
