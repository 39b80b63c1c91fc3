/// What the archivers of one stream share: who is at work, whose each shard is, and what was lost.
///
/// It is one object, changed by compare-and-swap, so that every change is made of what is there. It holds no position:
/// those are where the records are. A ledger that is lost costs the knowledge which shards have ended and what gaps
/// there were; no record.
struct Ledger: Sendable, Hashable {
    /// An archiver at work.
    struct Archiver: Sendable, Hashable {
        /// Counts up while it lives.
        var beat: Int
        /// When it last counted by its own clock, in microseconds since 1970 UTC; for people.
        var seen: Int64
    }

    /// A shard.
    struct Shard: Sendable, Hashable {
        var parents: [String] = []
        /// The archiver that reads it.
        var owner: String?
        /// How often it got a new owner.
        var epoch = 0
        /// Whether all of it is archived and nothing more will come.
        var isEnded = false
        /// Everything the stream received before is archived, in microseconds since 1970 UTC; `nil` when nobody looked.
        var verified: Int64?
        /// How many records were on the stream and not archived; `nil` when the stream cannot tell.
        var waiting: Int?
        /// When that was counted, in microseconds since 1970 UTC.
        var counted: Int64?
    }

    var archivers: [String: Archiver] = [:]
    var shards: [String: Shard] = [:]
    var gaps: [StreamGap] = []
    /// When the shards were last listed, in microseconds since 1970 UTC.
    var listed: Int64?

    /// More gaps than these are not told one by one.
    static let mostGaps = 1000

    /// The shards that can be read now: not ended, and their parents have.
    var runnable: [String] {
        shards.filter { _, shard in
            !shard.isEnded && shard.parents.allSatisfy { shards[$0]?.isEnded ?? true }
        }
        .keys.sorted()
    }

    /// Notes a gap once.
    mutating func add(_ gap: StreamGap) {
        let isKnown = gaps.contains { $0.shard == gap.shard && $0.after == gap.after && $0.before == gap.before }
        if !isKnown { gaps.append(gap) }
        gaps.removeFirst(max(0, gaps.count - Ledger.mostGaps))
    }
}
