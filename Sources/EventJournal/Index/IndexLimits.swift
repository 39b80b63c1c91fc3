/// Sizes that the upkeep of the id index goes by.
struct IndexLimits: Sendable, Hashable {
    /// The most entries of a run, 4 Mi: an object of 65 MB.
    var entriesPerRun = 4 << 20
    /// How many entries the top level may have, whatever the bottom has.
    var topEntries = 2_000_000
    /// The top may have this share of the bottom's entries as well.
    var topShare = 16
    /// How many entries are sorted in memory before they are put aside; twice 16 bytes each.
    var bufferedEntries = 2 << 20
    /// How many spills there may be before they are merged into one.
    var spills = 256

    /// What journals use.
    static let standard = IndexLimits()
}
