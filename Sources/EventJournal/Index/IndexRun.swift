/// One object of the id index, as the catalog names it: sorted entries over a range of hashes.
///
/// It says all that a look-up needs to find its one range of bytes; the object's own footer is for who has nothing
/// else.
struct IndexRun: Sendable, Hashable {
    /// The folder of the index.
    static let folder = "_index/"

    /// What a run is for; the number is part of names and of the catalog.
    struct Level: Sendable, Hashable, Comparable {
        let number: Int

        /// Recent entries, merged into the bottom when they have become many.
        static let top = Level(number: 0)
        /// All others, divided by hash among objects.
        static let bottom = Level(number: 1)
        /// Sorted entries put aside while an index is built; never in the catalog, and without a filter.
        static let spill = Level(number: 2)

        static func < (left: Level, right: Level) -> Bool { left.number < right.number }
    }

    /// The object, relative to the journal.
    var path: String
    /// What it is for.
    var level: Level
    /// How many entries it has; one or more.
    var entries: Int
    /// The length of the object.
    var bytes: Int
    /// The lowest hash of its entries, of which the lower 16 bits are zero.
    var lowHash: UInt64
    /// The highest hash of its entries.
    var highHash: UInt64

    /// Where things are in the object.
    var layout: IndexLayout { IndexLayout(entries: entries, filtered: level != .spill) }

    /// Whether an entry with this hash would be here.
    func covers(_ hash: UInt64) -> Bool { lowHash <= hash && hash <= highHash }

    /// The path of a new run: `_index/<uuidv7>-<level>-<part>.idx`.
    static func path(_ identifier: UUIDv7, level: Level, part: Int) -> String {
        let digits = String(part)
        let padding = String(repeating: "0", count: max(0, 4 - digits.count))
        return "\(folder)\(identifier)-\(level.number)-\(padding)\(digits).idx"
    }

    /// The error for an object that is not what was written.
    func damaged(_ what: String, in location: String, cause: (any Error)? = nil) -> JournalError {
        JournalError(
            .damagedIndex,
            "\(path) of the id index of \(location) \(what). If that stays so, build the index anew with "
                + "`highwater reindex \(location)`; no event is lost.",
            object: path,
            cause: cause
        )
    }
}
