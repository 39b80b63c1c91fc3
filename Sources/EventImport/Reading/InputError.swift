public import ObjectStorage

/// What went wrong with an input of events, with which one, and what to do about it.
public struct InputError: Error, Sendable {
    /// What a program can act on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, Sendable {
            case unreadable, unsupported, damaged, failed
        }
        private var value: Value

        /// There is no such file, or it may not be read, or it is a directory; give another one.
        public static let unreadable = Self(value: .unreadable)
        /// The file is compressed in a way that is not understood; decompress it before.
        public static let unsupported = Self(value: .unsupported)
        /// The compressed data is cut short or not what was written; fetch the file again.
        public static let damaged = Self(value: .damaged)
        /// Reading failed for another reason; the message has the detail.
        public static let failed = Self(value: .failed)

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// What to act on.
    public var code: Code
    /// What failed, on which input and where, and what to do; for people, not API.
    public var message: String
    /// The error beneath, if there was one.
    public var cause: (any Error)?
    /// Where it was noticed.
    public var location: ObjectStoreError.SourceLocation

    /// Makes an error.
    public init(
        _ code: Code,
        _ message: String,
        cause: (any Error)? = nil,
        location: ObjectStoreError.SourceLocation = .init()
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = location
    }
}

extension InputError: Equatable {
    /// Equal by code alone, so that a test can build the error it expects.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension InputError: CustomStringConvertible {
    /// The message, and the cause behind it.
    public var description: String {
        if let cause { "\(message) (\(cause))" } else { message }
    }
}
