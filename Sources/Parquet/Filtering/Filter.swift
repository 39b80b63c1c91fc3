/// A condition on rows by which parts of a file are skipped unread.
///
/// Skipping is by statistics, page index and Bloom filter: what is left holds every row that meets the condition, and
/// others as well. A null meets nothing but ``isNull(column:)``. In a repeated column a row meets a condition when one
/// of its slots does.
public indirect enum Filter: Sendable, Hashable {
    /// The value of a leaf is at least the first and at most the second value; `nil` is no bound.
    ///
    /// The values are of the column's physical type and compare as ``ValueOrder`` says.
    case between(column: Int, RecordValue?, RecordValue?)
    /// There is no value.
    case isNull(column: Int)
    /// There is a value.
    case isNotNull(column: Int)
    /// All conditions are met; with none, every row is wanted.
    case all([Filter])
    /// One of the conditions is met; with none, no row is wanted.
    case any([Filter])

    /// The value of a leaf is this one.
    public static func equals(column: Int, _ value: RecordValue) -> Filter { .between(column: column, value, value) }

    /// The columns that the condition looks at.
    public var columns: Set<Int> {
        switch self {
        case .between(let column, _, _), .isNull(let column), .isNotNull(let column): [column]
        case .all(let filters), .any(let filters): filters.reduce(into: []) { $0.formUnion($1.columns) }
        }
    }

    /// The columns that must equal one value: those whose Bloom filter can tell something.
    public var columnsWithOneValue: Set<Int> {
        switch self {
        case .between(let column, let lower?, let upper?) where lower == upper: [column]
        case .between, .isNull, .isNotNull: []
        case .all(let filters), .any(let filters): filters.reduce(into: []) { $0.formUnion($1.columnsWithOneValue) }
        }
    }
}

/// What is known of a row group beyond its metadata, by number of the column.
public struct FilterEvidence: Sendable {
    /// Bounds of the pages; of use together with the offset index of the column.
    public var columnIndexes: [Int: ColumnIndex]
    /// First rows of the pages.
    public var offsetIndexes: [Int: OffsetIndex]
    /// Bloom filters.
    public var bloomFilters: [Int: BloomFilter]

    /// Collects what is known, by default nothing.
    public init(
        columnIndexes: [Int: ColumnIndex] = [:],
        offsetIndexes: [Int: OffsetIndex] = [:],
        bloomFilters: [Int: BloomFilter] = [:]
    ) {
        self.columnIndexes = columnIndexes
        self.offsetIndexes = offsetIndexes
        self.bloomFilters = bloomFilters
    }
}
