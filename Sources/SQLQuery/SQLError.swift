/// What went wrong with a query, and what to do about it.
public struct SQLError: Error, Sendable {
    /// What a program can act on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, Sendable {
            case engine, statement, refused, limit, moved, closed, failed
        }
        private var value: Value

        /// There is no DuckDB that could be used; install it, or say where it is.
        public static let engine = Self(value: .engine)
        /// The statement is wrong; the message shows where.
        public static let statement = Self(value: .statement)
        /// The statement is not a single query, or reaches for what is not the journal's; ask for less.
        public static let refused = Self(value: .refused)
        /// The query took more time, memory or room than it may; raise the limit or narrow the query.
        public static let limit = Self(value: .limit)
        /// What the query was reading was replaced and deleted meanwhile; run it again.
        public static let moved = Self(value: .moved)
        /// Whoever was reading the rows has gone; not worth a word.
        public static let closed = Self(value: .closed)
        /// The engine, or the system beneath it, failed.
        public static let failed = Self(value: .failed)

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// What to act on.
    public var code: Code
    /// What failed and what to do; for people, not API.
    ///
    /// Of a wrong statement it has lines with a caret under the place.
    public var message: String
    /// The error beneath, if there was one.
    public var cause: (any Error)?

    /// Makes an error.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension SQLError: Equatable {
    /// Equal by code alone, so that a test can build the error it expects.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension SQLError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
