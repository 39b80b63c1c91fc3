public import ObjectStorage

/// What went wrong with a Delta Lake table, with which of its objects, and what to do about it.
public struct DeltaLakeError: Error, Sendable {
    /// What a program can act on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, Sendable {
            case malformed, unsupported, limitExceeded, invalidArgument, unknownOutcome, storage
        }
        private var value: Value

        /// An object of the log contradicts the protocol: it is damaged, or its writer is wrong.
        public static let malformed = Self(value: .malformed)
        /// The table uses a feature this module does not have; the message names it.
        public static let unsupported = Self(value: .unsupported)
        /// Reading on would need more memory than ``DeltaLimits`` allows.
        public static let limitExceeded = Self(value: .limitExceeded)
        /// The caller asked for something the protocol does not allow.
        public static let invalidArgument = Self(value: .invalidArgument)
        /// A commit was sent, and whether it counts could not be found out; look at the version once the store answers.
        public static let unknownOutcome = Self(value: .unknownOutcome)
        /// The object store failed; ``DeltaLakeError/storeCode`` says how.
        public static let storage = Self(value: .storage)

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// What to act on.
    public var code: Code
    /// What failed, on which object, and what to do; for people, not API.
    public var message: String
    /// The key of the object concerned; `nil` when none is.
    public var object: String?
    /// The error beneath, if there was one.
    public var cause: (any Error)?
    /// Where it was noticed.
    public var location: ObjectStoreError.SourceLocation

    /// Makes an error.
    public init(
        _ code: Code,
        _ message: String,
        object: String? = nil,
        cause: (any Error)? = nil,
        location: ObjectStoreError.SourceLocation = .init()
    ) {
        self.code = code
        self.message = message
        self.object = object
        self.cause = cause
        self.location = location
    }

    /// The store's own code, when the store was the cause.
    public var storeCode: ObjectStoreError.Code? { (cause as? ObjectStoreError)?.code }
}

extension DeltaLakeError: Equatable {
    /// Equal by code alone, so that a test can build the error it expects.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension DeltaLakeError: CustomStringConvertible {
    /// The message, and the cause behind it.
    public var description: String {
        if let cause { "\(message) (\(cause))" } else { message }
    }
}
