/// An object of `segments/` as it was stored: what the catalog says of it.
struct CompactedSegment: Sendable {
    var key: String
    /// The earliest and the latest timestamp inside, in microseconds.
    var first: Int64
    var last: Int64
    var events: Int
    var payloadBytes: Int
    var objectBytes: Int
    var checksum: SegmentChecksum
    /// Its row groups, in file order, without gaps.
    var rowGroups: [RowGroupPlace]
    /// How many rows have no value, for each column that may be null.
    var nullCounts: [SegmentColumn: Int]
    /// The columns that were filled from payloads, and what is in them.
    var promoted: [(column: PromotedColumn, summary: PromotedSummary)]
}

/// Makes the names of the objects of one run: sorted by name they follow one another in replay order.
struct CompactedSegmentNames: Sendable {
    let run: UUIDv7
    private var count = 0

    init(run: UUIDv7) { self.run = run }

    /// The next name: `segments/<run>-<number of at least four digits>.parquet`.
    mutating func next() -> String {
        defer { count += 1 }
        let digits = String(count)
        let number = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return "\(Segment.folder)\(run)-\(number).parquet"
    }

    /// What names of one run have in common; the whole key where it is not of that form.
    static func run(ofKey key: String) -> String {
        guard key.hasPrefix(Segment.folder), let dash = key.lastIndex(of: "-"),
            UUIDv7(key[..<dash].dropFirst(Segment.folder.count)) != nil
        else { return key }
        return String(key[..<dash])
    }
}
