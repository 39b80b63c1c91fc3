internal import Parquet

/// A key reduced to 128 bits, which stand for it: two of a billion keys share them with a probability of 10^-21.
struct KeyFingerprint: Sendable, Hashable {
    var high: UInt64
    var low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// XXH64, and beside it a multiply-and-fold hash over words of eight bytes that has nothing in common with it.
    init(_ key: UnsafeRawBufferPointer) {
        high = unsafe BloomFilter.hash(key)
        var state = 0x2D35_8DCC_AA6C_78A5 ^ UInt64(key.count)
        var offset = 0
        func fold(_ word: UInt64) {
            let product = (state ^ word).multipliedFullWidth(by: 0x8BB8_4B93_962E_ACC9 ^ word << 1 | 1)
            state = product.high ^ product.low &+ 0x9E37_79B9_7F4A_7C15
        }
        while offset + 8 <= key.count {
            fold(unsafe key.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < key.count {
            rest = rest << 8 | UInt64(unsafe key[offset])
            offset += 1
        }
        fold(rest)
        low = state
    }
}

/// The last event of each key: an open-addressing table in 64 parts.
///
/// Memory: 48 bytes a slot, of which 53 to 80 % are in use: 60 to 91 bytes for each key, however long it is. The parts
/// grow one after the other, so that growing takes a sixty-fourth more for a moment.
struct KeyTable: Sendable {
    /// An event, and where it is.
    struct Entry: Sendable {
        var key: KeyFingerprint
        var timestamp: Int64
        var batchID: UUIDv7
        /// The number of the segment among those of the snapshot.
        var segment: UInt32
        /// The row in it; no segment has more than 2^30.
        var row: UInt32

        fileprivate var isFree: Bool { row == .max }

        fileprivate static let free = Entry(
            key: KeyFingerprint(high: 0, low: 0),
            timestamp: 0,
            batchID: .zero,
            segment: 0,
            row: .max
        )

        /// Whether it comes behind another in the order of replay.
        func follows(_ other: Entry) -> Bool {
            if timestamp != other.timestamp { return timestamp > other.timestamp }
            if batchID != other.batchID { return batchID > other.batchID }
            return segment != other.segment ? segment > other.segment : row > other.row
        }
    }

    private var parts = [Part](repeating: Part(), count: 64)
    /// The most bytes that the table has taken so far, also while it grew.
    private(set) var peakByteCount = 0

    init() { peakByteCount = byteCount }

    /// How many keys there are.
    var count: Int { parts.reduce(0) { $0 + $1.count } }

    /// The bytes that its slots take.
    var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }

    /// Takes note of an event; the last one of its key stays.
    mutating func insert(_ entry: Entry) {
        // The slot in a part goes by the other half of the fingerprint.
        let part = Int(truncatingIfNeeded: entry.key.low) & (parts.count - 1)
        parts[part].insert(entry)
        guard parts[part].isFull else { return }
        let before = byteCount
        parts[part].grow()
        peakByteCount = max(peakByteCount, before + parts[part].byteCount)
    }

    /// The keys with the times of their events, in any order.
    var latestKeys: [LatestKey] {
        var keys: [LatestKey] = []
        keys.reserveCapacity(count)
        for part in parts {
            for entry in part.entries { keys.append(LatestKey(hash: entry.key.high, timestamp: entry.timestamp)) }
        }
        return keys
    }

    /// The rows that are left, ascending, by number of their segment; the table is empty then.
    mutating func takeRows() -> [Int: [Int]] {
        var counts: [Int: Int] = [:]
        for part in parts { for entry in part.entries { counts[Int(entry.segment), default: 0] += 1 } }
        var rows: [Int: [Int]] = [:]
        for (segment, count) in counts { rows[segment, default: []].reserveCapacity(count) }
        for part in parts.indices {
            for entry in parts[part].entries { rows[Int(entry.segment), default: []].append(Int(entry.row)) }
            // What was taken over makes room for the rows to come.
            parts[part] = Part()
        }
        for segment in rows.keys { rows[segment]?.sort() }
        return rows
    }

    /// One of the tables.
    private struct Part: Sendable {
        private var slots = [Entry](repeating: .free, count: 16)
        private(set) var count = 0

        var byteCount: Int { slots.count * MemoryLayout<Entry>.stride }
        var isFull: Bool { count * 5 > slots.count * 4 }

        mutating func insert(_ entry: Entry) {
            let slot = slot(of: entry.key)
            if slots[slot].isFree {
                slots[slot] = entry
                count += 1
            } else if entry.follows(slots[slot]) {
                slots[slot] = entry
            }
        }

        var entries: some Sequence<Entry> { slots.lazy.filter { !$0.isFree } }

        private func slot(of key: KeyFingerprint) -> Int {
            // The high half of a product spreads over a number of slots that is no power of two.
            var slot = Int(key.high.multipliedFullWidth(by: UInt64(slots.count)).high)
            while !slots[slot].isFree, slots[slot].key != key {
                slot += 1
                if slot == slots.count { slot = 0 }
            }
            return slot
        }

        mutating func grow() {
            let old = slots
            slots = Array(repeating: .free, count: old.count + old.count / 2)
            for entry in old where !entry.isFree { slots[slot(of: entry.key)] = entry }
        }
    }
}
