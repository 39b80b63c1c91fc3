/// How a writer lays out a file.
public struct WriterOptions: Sendable, Hashable {
    /// The codec of all pages; zstd at level 1 unless set.
    ///
    /// A column chunk that it would not make at least 3 % shorter is stored as it is.
    public var compression: Compression
    /// A data page ends with the row that reaches this length before compression, in bytes; 1 MiB unless set.
    public var pageByteCount: Int
    /// A data page has at most this many rows; 20 000 unless set.
    public var pageRowCount: Int
    /// A row group gets a page index if one of its columns has this many pages; 2 unless set.
    ///
    /// The index of a single page says nothing that the chunk's statistics do not. 1 writes it always, `Int.max` never.
    public var pageIndexMinimumPages: Int
    /// Whether each page gets a CRC-32; on unless set.
    public var pageChecksums: Bool
    /// By what the caller promises the rows of each row group are sorted; not verified.
    public var sortingColumns: [SortingColumn]
    /// The program's name in the file.
    public var createdBy: String
    /// The options of columns that have none of their own.
    public var defaults: ColumnOptions
    /// Options by ``Column/name``, the path with dots.
    public var columns: [String: ColumnOptions]

    /// Options with their defaults.
    public init(
        compression: Compression = .zstd(level: 1),
        pageByteCount: Int = 1 << 20,
        pageRowCount: Int = 20_000,
        pageIndexMinimumPages: Int = 2,
        pageChecksums: Bool = true,
        sortingColumns: [SortingColumn] = [],
        createdBy: String = "highwater version 0.1.0",
        defaults: ColumnOptions = ColumnOptions(),
        columns: [String: ColumnOptions] = [:]
    ) {
        self.compression = compression
        self.pageByteCount = pageByteCount
        self.pageRowCount = pageRowCount
        self.pageIndexMinimumPages = pageIndexMinimumPages
        self.pageChecksums = pageChecksums
        self.sortingColumns = sortingColumns
        self.createdBy = createdBy
        self.defaults = defaults
        self.columns = columns
    }
}
