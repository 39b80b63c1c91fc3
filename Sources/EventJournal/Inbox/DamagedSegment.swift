/// An object of a journal that is not what was written.
public struct DamagedSegment: Sendable {
    /// The object's key, relative to the journal.
    public var object: String
    /// How many events it held by its name; `nil` when the name says nothing.
    public var events: Int?
    /// What is wrong.
    public var error: JournalError

    /// Describes a damaged object.
    public init(object: String, events: Int?, error: JournalError) {
        self.object = object
        self.events = events
        self.error = error
    }
}

/// What a reader does about segments that are not what was written.
public enum DamagePolicy: Sendable, Hashable {
    /// Throw ``JournalError/Code/damagedSegment``, which names the object.
    case refuse
    /// Go on without them.
    case skip
}
