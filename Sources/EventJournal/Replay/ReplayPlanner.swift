/// A run of rows of one segment that is read together: a row group, or a whole small segment.
struct Chunk: Sendable, Hashable {
    var segment: Segment
    /// The segment's place among all: those of the catalog by key, then the others by order of arrival.
    var rank: Int
    /// Which row group, and the number of its first row in the segment.
    var rowGroup: Int
    var firstRow: Int
    var rows: Int
    var first: Int64
    var last: Int64
    var payloadBytes: Int

    /// No row comes before this position.
    var firstPosition: ReplayPosition {
        ReplayPosition(timestamp: first, batchID: segment.batchID ?? .zero, rank: rank, row: firstRow)
    }
    /// No row comes behind this position.
    var lastPosition: ReplayPosition { lastPosition(at: last) }

    /// No row of this moment comes behind this position.
    func lastPosition(at moment: Int64) -> ReplayPosition {
        ReplayPosition(timestamp: moment, batchID: segment.batchID ?? .max, rank: rank, row: firstRow + rows - 1)
    }
}

/// A place in the order of replay: timestamp, then the append it arrived with, then row.
///
/// The rank of the segment comes between: it tells rows of one append apart that a compaction put into two segments.
struct ReplayPosition: Sendable, Hashable, Comparable {
    var timestamp: Int64
    var batchID: UUIDv7
    var rank: Int
    var row: Int

    /// Behind every event of a moment.
    static func behind(_ timestamp: Int64) -> ReplayPosition {
        ReplayPosition(timestamp: timestamp, batchID: .max, rank: .max, row: .max)
    }

    /// Whether it parts the events of one moment.
    var isInsideMoment: Bool { rank != .max }

    static func < (left: Self, right: Self) -> Bool {
        if left.timestamp != right.timestamp { return left.timestamp < right.timestamp }
        if left.batchID != right.batchID { return left.batchID < right.batchID }
        return left.rank != right.rank ? left.rank < right.rank : left.row < right.row
    }
}

extension UUIDv7 {
    /// Before every identifier.
    static let zero = UUIDv7(high: 0, low: 0)
    /// Behind every identifier.
    static let max = UUIDv7(high: .max, low: .max)
}

/// A stretch of replay order that fits into memory, and the chunks that have rows in it.
struct ReplayWindow: Sendable {
    /// Rows at this position and before belong to earlier windows.
    var after: ReplayPosition
    /// Rows behind this position belong to later ones.
    var through: ReplayPosition
    var chunks: [Chunk]
}

/// Cuts a range of time into windows of bounded size, from what the names and footers of segments say.
///
/// A window's size is an estimate: a chunk's payload is taken as spread evenly between its first and its last
/// timestamp. Who reads the window can find it larger and ``shorten(_:to:)`` it. A chunk may have rows in several
/// windows and is then read for each of them, which bounds memory also where every segment overlaps every other; where
/// segments follow one another, windows end where chunks end and each is read once. It is a value without I/O: whoever
/// drives it adds segments in ascending order of `first`, one at a time while there is no ``horizon`` and then all that
/// begin before it, until there are no more of them, and then takes the next window.
struct ReplayPlanner: Sendable {
    private var done: ReplayPosition
    private let end: ReplayPosition
    private var pending: [Chunk] = []
    private var targetBytes: Int
    private let maximumBytes: Int

    /// - Parameters:
    ///   - range: What to replay.
    ///   - firstBytes: Payload of the first window, small so that it is there soon; each next one has twice as much.
    ///   - maximumBytes: Payload of the largest.
    init(range: EventRange, firstBytes: Int, maximumBytes: Int) {
        done = .behind(range.after.microseconds)
        end = .behind(range.through.microseconds)
        targetBytes = min(firstBytes, maximumBytes)
        self.maximumBytes = maximumBytes
    }

    /// Adds chunks that overlap the range.
    mutating func add(_ chunks: some Sequence<Chunk>) {
        pending.append(contentsOf: chunks.filter(isWanted))
    }

    /// Whether a chunk may have rows in a window to come.
    func isWanted(_ chunk: Chunk) -> Bool { chunk.lastPosition > done && chunk.firstPosition <= end }

    /// The chunks that were added and have rows in windows to come.
    var upcoming: [Chunk] { pending }

    /// Segments that begin up to this moment have rows in the next window; `nil` while the window has room for more.
    var horizon: Int64? { cut()?.timestamp }

    /// Segments that begin behind this moment are out of range.
    var rangeEnd: Int64 { end.timestamp }

    /// The next window, or `nil` when the range is done.
    mutating func next() -> ReplayWindow? {
        guard !pending.isEmpty else { return nil }
        let through = cut() ?? end
        let window = ReplayWindow(
            after: done,
            through: through,
            chunks: pending.filter { $0.firstPosition <= through }
        )
        pending.removeAll { $0.lastPosition <= through }
        done = through
        if through == end { pending = [] }
        targetBytes = min(targetBytes * 2, maximumBytes)
        return window
    }

    /// Ends the window that ``next()`` returned last at an earlier position, since it holds more than it may.
    mutating func shorten(_ window: ReplayWindow, to through: ReplayPosition) -> ReplayWindow {
        let kept = Set(pending)
        pending.append(contentsOf: window.chunks.filter { $0.lastPosition > through && !kept.contains($0) })
        done = through
        return ReplayWindow(
            after: window.after,
            through: through,
            chunks: window.chunks.filter { $0.firstPosition <= through }
        )
    }

    /// Where the window would end with the chunks known now; `nil` when all of them fit.
    private func cut() -> ReplayPosition? {
        guard let low = pending.map({ max($0.first, done.timestamp) }).min(),
            let high = pending.map({ min($0.last, end.timestamp) }).max(), bytes(through: high) > targetBytes
        else { return nil }
        if bytes(through: low) > targetBytes { return cutInside(low) }
        // The last moment through which everything still fits.
        var fits = low
        var tooMuch = high
        while true {
            // The distance of two Int64 fits into a UInt64 only.
            let distance = UInt64(bitPattern: tooMuch &- fits)
            if distance <= 1 { break }
            let middle = fits &+ Int64(distance / 2)
            if bytes(through: middle) <= targetBytes { fits = middle } else { tooMuch = middle }
        }
        // Not even one moment more fits: a window must go on nevertheless.
        if .behind(fits) <= done { return cutInside(tooMuch) }
        // Better still the end of a chunk, so that it need not be read again for the next window.
        let chunkEnd = pending.lazy.map(\.last).filter { $0 <= fits && $0 > low }.max()
        if let chunkEnd, bytes(through: chunkEnd) * 2 >= targetBytes { return .behind(chunkEnd) }
        return .behind(fits)
    }

    /// Cuts between events of one moment, by order of arrival: at least one chunk goes whole.
    private func cutInside(_ moment: Int64) -> ReplayPosition {
        var bytes = 0
        let there = pending.filter { $0.first <= moment && $0.lastPosition(at: moment) > done }
            .sorted { $0.lastPosition(at: moment) < $1.lastPosition(at: moment) }
        for (index, chunk) in there.enumerated() {
            bytes += estimate(chunk, through: moment)
            // Where the rows of a compacted segment stand among those of one moment is known only when it is read.
            if bytes >= targetBytes, index + 1 < there.count, !there[index + 1].segment.isInCatalog {
                return chunk.lastPosition(at: moment)
            }
        }
        return .behind(moment)
    }

    private func bytes(through moment: Int64) -> Int {
        pending.reduce(0) { $0 + estimate($1, through: moment) }
    }

    /// The payload of a chunk's rows behind ``done`` and up to a moment, were they spread evenly.
    private func estimate(_ chunk: Chunk, through moment: Int64) -> Int {
        guard moment >= chunk.first else { return 0 }
        if chunk.last == chunk.first { return chunk.payloadBytes }
        let start = done.timestamp > chunk.first ? done.timestamp : chunk.first
        let span = Double(chunk.last) - Double(chunk.first)
        let part = Double(Swift.min(moment, chunk.last)) - Double(start)
        return Int(Double(chunk.payloadBytes) * (part < 0 ? 0 : part) / span)
    }
}
