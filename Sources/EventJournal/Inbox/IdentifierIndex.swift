/// Finds rows by the hash of their event id: an open-addressing table of 12 bytes a slot.
///
/// It holds one row per hash. Two ids that share all 64 bits are told apart by its owner, which compares the ids
/// themselves and keeps the second in ``collisions``; nothing is ever decided by a hash alone.
///
/// - Complexity: O(1) expected per operation; 16 to 32 bytes of memory per row, half as much again while it grows.
struct IdentifierIndex: Sendable {
    /// Slots, a power of two of them; the row number is offset by one so that zero means empty.
    private var hashes: [UInt64]
    private var rows: [UInt32]
    private(set) var count = 0
    /// Further rows whose hash equals that of a row in the table though their ids differ.
    private(set) var collisions: [UInt64: [UInt32]] = [:]

    /// An empty index with room for so many rows.
    init(capacity: Int = 0) {
        var slots = 16
        while slots * 3 < capacity * 4 { slots *= 2 }
        hashes = Array(repeating: 0, count: slots)
        rows = Array(repeating: 0, count: slots)
    }

    /// Adds a row unless one with this hash is there, in which case that one is returned and nothing changes.
    mutating func insert(hash: UInt64, row: UInt32) -> UInt32? {
        if count * 4 >= hashes.count * 3 { grow() }
        let slot = slot(of: hash)
        if rows[slot] != 0 { return rows[slot] - 1 }
        hashes[slot] = hash
        rows[slot] = row + 1
        count += 1
        return nil
    }

    /// The row with this hash; ids must still be compared, also with those of ``collisions``.
    func row(hash: UInt64) -> UInt32? {
        let row = rows[slot(of: hash)]
        return row == 0 ? nil : row - 1
    }

    /// All rows with this hash.
    func candidates(hash: UInt64) -> [UInt32] {
        guard let row = row(hash: hash) else { return [] }
        guard !collisions.isEmpty, let others = collisions[hash] else { return [row] }
        return [row] + others
    }

    /// Puts another row in the place of one that is there.
    mutating func replace(hash: UInt64, row old: UInt32, with new: UInt32) {
        let slot = slot(of: hash)
        if rows[slot] == old + 1 {
            rows[slot] = new + 1
        } else if let index = collisions[hash]?.firstIndex(of: old) {
            collisions[hash]?[index] = new
        }
    }

    /// Adds a row whose hash is there already though its id is not.
    mutating func addCollision(hash: UInt64, row: UInt32) { collisions[hash, default: []].append(row) }

    private func slot(of hash: UInt64) -> Int {
        let mask = hashes.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while rows[slot] != 0, hashes[slot] != hash { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow() {
        let oldHashes = hashes
        let oldRows = rows
        hashes = Array(repeating: 0, count: oldHashes.count * 2)
        rows = Array(repeating: 0, count: oldHashes.count * 2)
        for (index, row) in oldRows.enumerated() where row != 0 {
            let slot = slot(of: oldHashes[index])
            hashes[slot] = oldHashes[index]
            rows[slot] = row
        }
    }
}
