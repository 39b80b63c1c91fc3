/// Why a replay job could not be made, found, or run to its end.
public struct ReplayJobError: Error, Sendable, CustomStringConvertible {
    /// What to do about it, for programs.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name.
        public let description: String

        /// There is no such job in the journal.
        public static let notFound = Code(description: "notFound")
        /// The job is over, so it cannot be resumed, paused or cancelled.
        public static let over = Code(description: "over")
        /// Another process is at work on the job.
        public static let busy = Code(description: "busy")
        /// Another process has taken the job over.
        public static let leaseLost = Code(description: "leaseLost")
        /// The object of the job is not what was written, or of a later version.
        public static let damaged = Code(description: "damaged")
        /// The job could not be changed: others change it all the time.
        public static let contention = Code(description: "contention")
        /// The job asks for what cannot be.
        public static let invalid = Code(description: "invalid")
        /// What the job would write is there already.
        public static let exists = Code(description: "exists")
        /// The sink cannot be reached now, or asks to come back later; the job can be resumed.
        public static let unavailable = Code(description: "unavailable")
        /// The sink refused a record or a request, which would be refused again.
        public static let refused = Code(description: "refused")
    }

    /// What to do about it, for programs.
    public let code: Code
    /// What happened to which job or sink, and what to do.
    public let message: String

    /// Makes an error; for sinks as well.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
