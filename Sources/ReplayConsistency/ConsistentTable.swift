/// The state of each key that a consumer keeps, right whatever order live and replayed records come in.
///
/// The rule is one line: a record counts if its version is later than that of the one that counted last for its key.
/// Versions are totally ordered, and what is kept is the greatest of those seen; so order, duplicates and restarts make
/// no difference, as long as each record comes once at least. `docs/replay-consistency.md` says more.
///
/// A deleted key keeps its version: an older record that is replayed later must not bring it back.
///
/// Memory: the value and the version of each key there ever was; ``forgetDeleted(before:)`` lets go of deleted ones.
///
/// A consumer whose state is in a database does the same there:
/// `UPDATE … SET value = ?, position = ? WHERE key = ? AND position < ?`.
public struct ConsistentTable<Value: Sendable>: Sendable {
    /// What became of a record.
    public enum Outcome: Sendable, Hashable {
        /// It is the state of its key now.
        case applied
        /// It is the state of its key already.
        case duplicate
        /// A later record of the key was there first.
        case superseded
    }

    private struct Entry: Sendable {
        var version: RecordVersion
        /// `nil` for a deleted key.
        var value: Value?
    }

    private var entries: [String: Entry] = [:]

    /// A table without keys.
    public init() {}

    /// Takes in a record.
    ///
    /// - Parameter record: Live or replayed.
    /// - Returns: Whether it changed anything: what follows from a change, a message or a counter, is to be done for
    ///   ``Outcome/applied`` alone.
    /// - Complexity: O(1), and the comparison of two positions.
    @discardableResult
    public mutating func apply(_ record: KeyedRecord<Value>) -> Outcome {
        let version = record.version
        if let known = entries[record.key] {
            if version == known.version { return .duplicate }
            if version < known.version { return .superseded }
        }
        switch record.change {
        case .put(let value): entries[record.key] = Entry(version: version, value: value)
        case .delete: entries[record.key] = Entry(version: version, value: nil)
        }
        return .applied
    }

    /// The value of a key; `nil` when it has none.
    public subscript(key: String) -> Value? { entries[key]?.value }

    /// The version that counts for a key, also of a deleted one.
    public func version(of key: String) -> RecordVersion? { entries[key]?.version }

    /// The keys that have a value, in any order.
    public var keys: [String] { entries.compactMap { $0.value.value == nil ? nil : $0.key } }

    /// How many keys are remembered, deleted ones included.
    public var count: Int { entries.count }

    /// Forgets keys that were deleted before a position.
    ///
    /// Only when no record from before it can come any more: no replay that began there is at work, and the stream does
    /// not go back behind it after a restart.
    ///
    /// - Returns: How many were forgotten.
    /// - Complexity: O(n) of the keys.
    @discardableResult
    public mutating func forgetDeleted(before position: LogPosition) -> Int {
        let before = entries.count
        entries = entries.filter { $0.value.value != nil || $0.value.version.position >= position }
        return before - entries.count
    }
}
