/// What a look at every byte of a journal found.
public struct VerificationReport: Sendable {
    /// Segments that are as they were written.
    public var soundSegments = 0
    /// Events in them, each id once, if ``isExact``; else rows.
    public var events = 0
    /// Rows in them that do not count, because an earlier one has their id or a later one replaces or deletes it;
    /// harmless.
    public var duplicates = 0
    /// Whether ``events`` and ``duplicates`` are exact: not if damage kept ids of the inbox from being looked up.
    public var isExact = true
    /// Payload bytes in them.
    public var payloadBytes = 0
    /// Objects of the id index that are as they were written.
    public var soundIndexObjects = 0
    /// Entries in them: of each event that was ever compacted, those of deleted ones too until a reindex.
    public var indexEntries = 0
    /// Whether each id of the sound compacted segments was looked up in the index; not if an object of it is damaged.
    public var indexIsCompared = false
    /// Marks of followers that can be read.
    public var soundMarks = 0
    /// Lists of applied changes, which followers need, that can be read.
    public var soundChangeLists = 0
    /// Objects that are not what was written; `_index/` itself stands for an index that lacks ids.
    public var damaged: [DamagedSegment] = []

    /// Whether nothing is damaged.
    public var isClean: Bool { damaged.isEmpty }
}

/// How far a verification is.
public struct VerificationProgress: Sendable {
    /// What is being read.
    public enum Phase: Sendable, Hashable {
        case segments, index
    }

    /// What is being read.
    public var phase: Phase
    /// Bytes that are read and checked.
    public var bytes: Int
    /// Bytes there are to read as far as is known: segments once, the id index twice.
    public var ofBytes: Int
}
