internal import Parquet

/// Event ids with their hashes, so that ids scattered over large buffers are visited once.
struct HashedIDs: Sendable {
    var ids: ByteArrays
    /// One for each id; the hash of Parquet's Bloom filters.
    var hashes: [UInt64]

    init(_ ids: ByteArrays) {
        self.ids = ids
        hashes = []
        hashes.reserveCapacity(ids.count)
        unsafe ids.visit { _, id in unsafe hashes.append(BloomFilter.hash(id)) }
    }

    private init(ids: ByteArrays, hashes: [UInt64]) {
        self.ids = ids
        self.hashes = hashes
    }

    var count: Int { hashes.count }

    /// The ids at these places, in the order given.
    func selecting(_ rows: some Collection<Int>) -> HashedIDs {
        HashedIDs(
            ids: ByteArrays(buffers: ids.buffers, views: rows.map { ids.views[$0] }),
            hashes: rows.map { hashes[$0] }
        )
    }

    /// An index in which each id stands once, and the places of ids that an earlier one equals.
    ///
    /// - Complexity: O(n) expected; ids are compared where hashes agree.
    func indexed() -> (index: IdentifierIndex, repeated: [Int]) {
        var index = IdentifierIndex(capacity: count)
        var repeated: [Int] = []
        for (row, hash) in hashes.enumerated() where index.insert(hash: hash, row: UInt32(row)) != nil {
            if index.candidates(hash: hash).contains(where: { ids.isEqual(at: Int($0), to: ids, at: row) }) {
                repeated.append(row)
            } else {
                index.addCollision(hash: hash, row: UInt32(row))
            }
        }
        return (index, repeated)
    }
}
