/// An empty object in the inbox whose name says that a version of the catalog which absorbs something is there, or
/// about to be.
///
/// It is put before the commit, so whoever lists the inbox after the commit knows that the state that was the newest a
/// minute ago may not be relied on. That matters where clocks differ: what was absorbed counts before what lands late,
/// whichever has the lower batch id, and a reader that still takes both for new would let the wrong one win. A commit
/// that never came leaves an announcement behind; it costs readers a request for each look until the next compaction.
/// Whoever failed must not take it back: another compactor may have announced the same version under the same name, and
/// be about to commit.
enum CatalogAnnouncement {
    private static let prefix = Segment.inbox + "~commit-"

    /// The announcement's key.
    static func key(_ version: Int64) -> String { prefix + String(version) }

    /// The version a key of the inbox announces; `nil` when it is no announcement.
    static func version(_ key: String) -> Int64? {
        key.hasPrefix(prefix) ? Int64(key.dropFirst(prefix.count)).flatMap { $0 >= 0 ? $0 : nil } : nil
    }
}
