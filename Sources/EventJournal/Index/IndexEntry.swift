/// One fact of the id index: an event whose id has this hash was stored with this timestamp.
///
/// Of the hash, XXH64 as in ``HashedIDs``, the upper 48 bits are kept, at their place; the lower 16 are zero. So
/// entries of different ids may be equal in both, and whoever looks up compares ids in the end.
struct IndexEntry: Sendable, Hashable, Comparable {
    /// The upper 48 bits of the hash; the lower 16 are zero.
    let hash: UInt64
    /// Microseconds since 1970 UTC.
    let timestamp: Int64

    /// An entry for the full 64-bit hash of an id.
    init(hash: UInt64, timestamp: Int64) {
        self.hash = IndexEntry.significant(hash)
        self.timestamp = timestamp
    }

    /// What the index keeps of a hash.
    @inline(__always)
    static func significant(_ hash: UInt64) -> UInt64 { hash & ~0xFFFF }

    /// By hash, then by timestamp.
    @inline(__always)
    static func < (left: IndexEntry, right: IndexEntry) -> Bool {
        left.hash != right.hash ? left.hash < right.hash : left.timestamp < right.timestamp
    }
}
