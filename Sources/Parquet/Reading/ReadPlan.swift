/// Which bytes of a file are needed to read some rows of some columns of a row group.
public struct ReadPlan: Sendable {
    /// The row group's number.
    public let rowGroup: Int
    /// The leaves to read, by their numbers in ``Schema/columns``.
    public let columns: [Int]
    /// The rows to read, counted from the start of the row group.
    public let rows: Range<Int>
    /// The parts of the file to fetch, ascending, none touching the next.
    public let ranges: [Range<Int>]

    /// Pages of one column that stand together in the file.
    struct Piece: Sendable {
        /// Where, from the start of the file.
        var bytes: Range<Int>
        /// The rows of its only data page; `nil` when pages have to be counted.
        var rows: Range<Int>?
    }

    /// What is read of one column chunk.
    struct Chunk: Sendable {
        var pieces: [Piece]
        /// Whether that is all of it.
        var isWhole: Bool
    }

    /// One for each of ``columns``.
    let chunks: [Chunk]

    init(rowGroup: Int, columns: [Int], rows: Range<Int>, chunks: [Chunk], coalescingGap: Int) {
        self.rowGroup = rowGroup
        self.columns = columns
        self.rows = rows
        self.chunks = chunks
        ranges = Self.coalesce(chunks.flatMap { $0.pieces.map(\.bytes) }, gap: coalescingGap)
    }

    /// How many bytes ``ranges`` have together.
    public var byteCount: Int { ranges.reduce(0) { $0 + $1.count } }

    static func coalesce(_ parts: [Range<Int>], gap: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for part in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) where !part.isEmpty {
            if let last = ranges.last, part.lowerBound - last.upperBound <= gap {
                ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, part.upperBound)
            } else {
                ranges.append(part)
            }
        }
        return ranges
    }
}
