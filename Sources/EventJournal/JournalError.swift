public import ObjectStorage

/// What went wrong with a journal, with which of its objects or events, and what to do about it.
public struct JournalError: Error, Sendable {
    /// What a program can act on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, Sendable {
            case eventExists, eventNotFound, invalidEvent, damagedSegment, unsupportedSegment, damagedCatalog,
                damagedIndex, tooLittle, conflict, invalidOption, positionExpired, markMoved, invalidMark,
                invalidManifest, urlExpired, occupied, storage
        }
        private var value: Value

        /// An event with this id is in the journal already.
        public static let eventExists = Self(value: .eventExists)
        /// No event has this id.
        public static let eventNotFound = Self(value: .eventNotFound)
        /// A field of an event breaks a limit of the format; mend the event.
        public static let invalidEvent = Self(value: .invalidEvent)
        /// A segment is not what was written; restore it from a copy, or go on without it on purpose.
        public static let damagedSegment = Self(value: .damagedSegment)
        /// A segment was written by a version with features this one does not have; update.
        public static let unsupportedSegment = Self(value: .unsupportedSegment)
        /// The catalog (`_delta_log/`) is not what was written; restore the object named from a copy.
        public static let damagedCatalog = Self(value: .damagedCatalog)
        /// An object of the id index is not what was written; no event is lost, build the index anew.
        public static let damagedIndex = Self(value: .damagedIndex)
        /// The inbox has less than the compaction policy asks for; wait for more, ask for less, or force it.
        public static let tooLittle = Self(value: .tooLittle)
        /// Others changed the journal meanwhile; nothing was damaged by it, try again later.
        public static let conflict = Self(value: .conflict)
        /// An option asks for what would do harm; ask for something else.
        public static let invalidOption = Self(value: .invalidOption)
        /// What arrived behind a follower's position can no longer be told apart; follow from the beginning.
        public static let positionExpired = Self(value: .positionExpired)
        /// Somebody else has moved a mark, or removed it; read it again.
        public static let markMoved = Self(value: .markMoved)
        /// A mark cannot have this name; choose another.
        public static let invalidMark = Self(value: .invalidMark)
        /// A manifest of streams is not what was written, or does not cover what is asked of it; make another.
        public static let invalidManifest = Self(value: .invalidManifest)
        /// A presigned URL has expired; make another manifest.
        public static let urlExpired = Self(value: .urlExpired)
        /// A journal would begin among other objects; choose a place of its own.
        public static let occupied = Self(value: .occupied)
        /// The object store failed; ``JournalError/storeCode`` says how.
        public static let storage = Self(value: .storage)

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// What to act on.
    public var code: Code
    /// What failed, on which object or event, and what to do; for people, not API.
    public var message: String
    /// The object concerned, relative to the journal; `nil` when none is.
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

    /// The store's own code when the store had one: with ``Code/storage``, and where an object is gone.
    public var storeCode: ObjectStoreError.Code? { (cause as? ObjectStoreError)?.code }

    /// Whether the object is not there.
    var isMissing: Bool { storeCode == .notFound }

    /// Whether it tells of a damaged segment.
    ///
    /// - Parameter orMissing: Whether one that is not there counts.
    /// - Returns: Whether it does.
    func isDamage(orMissing: Bool) -> Bool { code == .damagedSegment && (orMissing || !isMissing) }

    /// Wraps what the store threw; lets `CancellationError` and our own errors through.
    static func wrapping(_ error: any Error, _ doing: String, object: String? = nil) -> any Error {
        guard let error = error as? ObjectStoreError else { return error }
        return JournalError(.storage, "\(doing): \(error)", object: object, cause: error)
    }
}

extension JournalError: Equatable {
    /// Equal by code alone, so that a test can build the error it expects.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension JournalError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
