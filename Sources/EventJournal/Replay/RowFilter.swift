internal import Parquet

/// Which rows of a chunk do not count.
enum RowFilter: Sendable {
    case none
    /// These numbers of rows of the segment, ascending: for segments of the inbox.
    case rows([Int])
    /// Events with these ids: for segments of the catalog.
    case changes(PendingChanges)
    /// All but these numbers of rows of the segment, ascending.
    case only([Int])

    /// Takes the rows out of a part.
    func apply(to part: inout ReplayPart) {
        switch self {
        case .none: part.batches.removeAll(where: \.isEmpty)
        case .rows(let dropped): part.drop(dropped)
        case .changes(let changes): part.hide(changes)
        case .only(let kept): part.keep(kept)
        }
    }
}

extension ReplayPart {
    /// Leaves out rows by their numbers in the segment, which ascend.
    fileprivate mutating func drop(_ dropped: [Int]) {
        var start = firstRow
        var next = dropped.partitioningIndex { $0 >= start }
        batches = batches.compactMap { batch in
            let numbers = start..<(start + batch.count)
            start += batch.count
            let first = next
            while next < dropped.count, dropped[next] < numbers.upperBound { next += 1 }
            if first == next { return batch.isEmpty ? nil : batch }
            let kept = numbers.without(Array(dropped[first..<next])).map { $0 - numbers.lowerBound }
            return kept.isEmpty ? nil : batch.selecting(kept)
        }
    }

    /// Leaves out all rows but some, by their numbers in the segment, which ascend.
    fileprivate mutating func keep(_ kept: [Int]) {
        var start = firstRow
        batches = batches.compactMap { batch in
            let lower = kept.partitioningIndex { $0 >= start }
            let upper = kept.partitioningIndex { $0 >= start + batch.count }
            let rows = kept[lower..<upper].map { $0 - start }
            start += batch.count
            if rows.isEmpty { return nil }
            // The payloads between are let go of.
            return rows.count == batch.count ? batch : batch.selecting(rows).compacted()
        }
    }

    /// Leaves out events that were changed, and notes which changes met theirs.
    fileprivate mutating func hide(_ changes: PendingChanges) {
        var met: [Int] = []
        batches = batches.compactMap { batch in
            var hidden: [Int] = []
            unsafe batch.ids.visit { row, id in
                if let number = unsafe changes.number(of: id, at: batch.timestamps[row]) {
                    hidden.append(row)
                    met.append(number)
                }
            }
            if hidden.isEmpty { return batch.isEmpty ? nil : batch }
            let kept = (0..<batch.count).without(hidden)
            return kept.isEmpty ? nil : batch.selecting(kept)
        }
        self.met = met
    }
}

/// Updates and deletes that no compaction has applied yet: their events in the catalog do not count any more.
struct PendingChanges: Sendable {
    /// The ids, in order of their numbers; an id may stand for events of several moments.
    private var ids = ByteArrays()
    /// When their events happened.
    private var moments: [Int64] = []
    /// Numbers by the hash of the id.
    private var numbers: [UInt64: [Int]] = [:]
    /// The moments, ascending.
    private var timestamps: [Int64] = []

    /// None.
    static let none = PendingChanges()

    var count: Int { moments.count }

    /// Adds an event that was changed.
    mutating func append(_ id: [UInt8], timestamp: Int64) {
        numbers[BloomFilter.hash(id), default: []].append(moments.count)
        ids.append(id)
        moments.append(timestamp)
    }

    /// The events, in order of their numbers.
    var events: [(id: [UInt8], timestamp: Int64)] {
        moments.indices.map { (id: ids[$0] ?? [], timestamp: moments[$0]) }
    }

    /// To be called when all were added.
    mutating func seal() { timestamps = moments.sorted() }

    /// The number of the change of the event with these bytes as its id that happened then.
    func number(of id: UnsafeRawBufferPointer, at timestamp: Int64) -> Int? {
        guard let candidates = unsafe numbers[BloomFilter.hash(id)] else { return nil }
        for candidate in candidates where moments[candidate] == timestamp {
            let isEqual = unsafe ids.withBytes(at: candidate) { other in
                unsafe other.count == id.count && other.elementsEqual(id)
            }
            if isEqual { return candidate }
        }
        return nil
    }

    /// Whether a changed event may be in a stretch of time.
    func affect(first: Int64, last: Int64) -> Bool {
        timestamps.hasElement(from: first, through: last)
    }
}

extension Array {
    /// The first place from which on a condition holds, which holds from some place on to the end.
    ///
    /// - Complexity: O(log n).
    func partitioningIndex(where holds: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
