/// Why a stream could not be read or written.
public struct StreamError: Error, Sendable, CustomStringConvertible {
    /// What to do about it, for programs.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name.
        public let description: String

        /// Makes a code of a kind of stream's own.
        public init(_ description: String) { self.description = description }

        /// There is no such stream or shard here.
        public static let notFound = Code("notFound")
        /// There are no credentials, or they are not valid.
        public static let noCredentials = Code("noCredentials")
        /// The credentials do not allow it.
        public static let permissionDenied = Code("permissionDenied")
        /// The stream can be reached and asks to come back later.
        public static let throttled = Code("throttled")
        /// The stream cannot be reached.
        public static let unavailable = Code("unavailable")
        /// No answer came in time.
        public static let timedOut = Code("timedOut")
        /// A record breaks a limit of the stream.
        public static let recordTooLarge = Code("recordTooLarge")
        /// A URL or an option is wrong.
        public static let invalidURL = Code("invalidURL")
        /// Anything else.
        public static let failed = Code("failed")
    }

    /// What to do about it, for programs.
    public let code: Code
    /// What happened to which stream, and what to do.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same call may succeed later without anybody doing anything.
    public var isTransient: Bool { [.throttled, .unavailable, .timedOut].contains(code) }

    /// The message.
    public var description: String { message }
}
