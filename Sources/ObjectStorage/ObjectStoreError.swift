/// What went wrong at an object store, with which object, and what to do about it.
public struct ObjectStoreError: Error, Sendable {
    /// What a program can act on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, Sendable {
            case notFound, alreadyExists, preconditionFailed, invalidKey, invalidRange, invalidURL, permissionDenied
            case storageFull, readOnly, unavailable, timedOut, damaged, failed
        }
        private var value: Value

        /// No object has this key; retrying is useless.
        public static let notFound = Self(value: .notFound)
        /// A put with ``PutMode/ifAbsent`` lost: the key is taken.
        public static let alreadyExists = Self(value: .alreadyExists)
        /// A put with ``PutMode/ifMatches(entityTag:)`` lost: the object is another by now, or gone.
        public static let preconditionFailed = Self(value: .preconditionFailed)
        /// The key is empty, too long, or would leave the store.
        public static let invalidKey = Self(value: .invalidKey)
        /// The range begins behind the end of the object.
        public static let invalidRange = Self(value: .invalidRange)
        /// The store's URL cannot be understood, or names a scheme nobody registered.
        public static let invalidURL = Self(value: .invalidURL)
        /// The store refuses this user; permissions or credentials want mending.
        public static let permissionDenied = Self(value: .permissionDenied)
        /// There is no room left (disk, quota, inodes).
        public static let storageFull = Self(value: .storageFull)
        /// The store can be read but not written.
        public static let readOnly = Self(value: .readOnly)
        /// Not now, though a retry may help; the operation may or may not have taken effect.
        public static let unavailable = Self(value: .unavailable)
        /// No answer in time; the operation may or may not have taken effect.
        public static let timedOut = Self(value: .timedOut)
        /// What was read is not what was stored.
        public static let damaged = Self(value: .damaged)
        /// Anything else; the message has the detail.
        public static let failed = Self(value: .failed)

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// Where in the source an error was made.
    public struct SourceLocation: Sendable, Hashable {
        /// `#fileID` of the place.
        public var file: String
        /// `#line` of the place.
        public var line: Int

        /// The caller's place.
        public init(file: String = #fileID, line: Int = #line) {
            self.file = file
            self.line = line
        }
    }

    /// What to act on.
    public var code: Code
    /// What failed, on which object, and what to do; for people, not API.
    public var message: String
    /// The error beneath, if there was one.
    public var cause: (any Error)?
    /// Where it was noticed.
    public var location: SourceLocation

    /// Makes an error.
    public init(
        _ code: Code,
        _ message: String,
        cause: (any Error)? = nil,
        location: SourceLocation = SourceLocation()
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = location
    }
}

extension ObjectStoreError: Equatable {
    /// Equal by code alone, so that a test can build the error it expects.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension ObjectStoreError: CustomStringConvertible {
    /// The message, and the cause behind it.
    public var description: String {
        if let cause { "\(message) (\(cause))" } else { message }
    }
}
