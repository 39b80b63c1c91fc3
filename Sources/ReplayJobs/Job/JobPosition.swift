internal import EventJournal
internal import Parquet

/// Up to where a job has sent: a moment, all events before it, and some of it.
///
/// Events of the moment are told apart by their ids, since compaction, updates and late arrivals can change places. But
/// there may be any number of events with one timestamp, so only the latest so many ids are kept. What was sent before
/// them is known by the order of replay, in which events of one moment come by the append they arrived with: all of
/// earlier appends, and of the append that had its turn so many events, whose sum of hashes shows whether those that
/// are met in their places are the same.
struct JobPosition: Sendable, Hashable {
    /// So many ids are kept: 128 KiB.
    static let mostSent = 16_384

    /// In microseconds since 1970 UTC.
    let moment: Int64
    /// The hashes of the ids of the events of that moment that were sent (XXH64), in their order: the last of them.
    private(set) var sent: [UInt64] = []
    /// Whether those are all that were sent of the moment.
    private(set) var isWhole = true
    /// The last append of which an event of the moment was sent; `nil` where nobody knows.
    private(set) var append: PassedAppend?

    /// What was sent of one append.
    struct PassedAppend: Sendable, Hashable {
        /// Its batch id.
        var id: UUIDv7
        /// How many of its events of the moment were sent.
        var count: Int
        /// The sum of the hashes of their ids, which wraps.
        var sum: UInt64
    }

    init(moment: Int64, sent: [UInt64] = [], isWhole: Bool = true, append: PassedAppend? = nil) {
        self.moment = moment
        self.sent = sent
        self.isWhole = isWhole
        self.append = append
    }

    /// The position behind a batch, which is not empty.
    ///
    /// - Parameters:
    ///   - batch: As it was read, with batch ids.
    ///   - before: The position before.
    ///   - mostSent: So many ids are kept.
    /// - Returns: The position before where the batch has only events of earlier moments.
    static func behind(_ batch: EventBatch, after before: JobPosition?, mostSent: Int = mostSent) -> JobPosition? {
        guard let last = batch.timestamps.last, last >= before?.moment ?? .min else { return before }
        var position = JobPosition(moment: last)
        if let before, before.moment == last { position = before }
        var start = batch.count - 1
        while start > 0, batch.timestamps[start - 1] == last { start -= 1 }
        var appends = AppendIDs(batch)
        for row in start..<batch.count {
            let hash = unsafe batch.ids.withBytes(at: row) { unsafe BloomFilter.hash($0) }
            position.sent.append(hash)
            position.pass(hash, of: appends[row])
        }
        if position.sent.count > mostSent {
            position.sent.removeFirst(position.sent.count - mostSent)
            position.isWhole = false
        }
        return position
    }

    /// One that arrived with an earlier append comes behind a later one where the journal changed under the replay:
    /// then it does not count, as what is left of that append would not.
    private mutating func pass(_ hash: UInt64, of id: UUIDv7?) {
        guard let id else { return }
        if let append, id < append.id { return }
        if append?.id != id { append = PassedAppend(id: id, count: 0, sum: 0) }
        append?.count += 1
        append?.sum &+= hash
    }
}

/// In which append each event of a batch arrived.
struct AppendIDs {
    private let column: ByteArrays?
    private var last: (view: ByteView, id: UUIDv7?)?

    init(_ batch: EventBatch) { column = batch.batchIDs }

    /// Cost: little for neighbours of one append.
    subscript(row: Int) -> UUIDv7? {
        mutating get {
            guard let column, !column.views[row].isNull else { return nil }
            let view = column.views[row]
            if let last, last.view == view { return last.id }
            let id = unsafe UUIDv7(column.withBytes(at: row) { unsafe String(decoding: $0, as: UTF8.self) })
            last = (view, id)
            return id
        }
    }
}
