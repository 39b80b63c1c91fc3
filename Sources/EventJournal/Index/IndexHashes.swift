/// Which hashes a run has, exactly: what a filter says wrongly of one in a hundred, this never does.
///
/// Of the 48 bits that count, the upper 16 choose a part of the list and the others are in it. Memory: 4 bytes an entry
/// and 256 KiB.
struct IndexHashes: Sendable {
    private static let parts = 1 << 16

    /// The lower 32 of the 48 bits, ascending inside each part.
    private var rests: [UInt32] = []
    /// Where each part ends.
    private var ends: [UInt32] = []

    /// The memory it takes for a run.
    static func byteCount(entries: Int) -> Int { 4 * (entries + parts) }

    /// An empty list.
    ///
    /// - Parameter entries: How many will be added.
    init(entries: Int) {
        rests.reserveCapacity(entries)
        ends.reserveCapacity(IndexHashes.parts)
    }

    /// The memory it takes.
    var byteCount: Int { IndexHashes.byteCount(entries: rests.count) }

    /// Adds the hashes of entries, none of which is below those added before.
    mutating func append(_ entries: [IndexEntry]) {
        for entry in entries {
            finish(before: Int(entry.hash >> 48))
            rests.append(UInt32(truncatingIfNeeded: entry.hash >> 16))
        }
    }

    /// Ends all parts before one.
    private mutating func finish(before part: Int) {
        while ends.count < part { ends.append(UInt32(rests.count)) }
    }

    /// Whether an entry has a hash.
    ///
    /// - Complexity: O(log n) of a 65,536th of the entries.
    func contains(_ hash: UInt64) -> Bool {
        let part = Int(hash >> 48)
        let rest = UInt32(truncatingIfNeeded: hash >> 16)
        var low = part == 0 ? 0 : part <= ends.count ? Int(ends[part - 1]) : rests.count
        var high = part < ends.count ? Int(ends[part]) : rests.count
        let end = high
        while low < high {
            let middle = low + (high - low) / 2
            if rests[middle] < rest { low = middle + 1 } else { high = middle }
        }
        return low < end && rests[low] == rest
    }
}
