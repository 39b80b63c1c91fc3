/// How a writer treats one column.
public struct ColumnOptions: Sendable, Hashable {
    /// How values are written.
    public enum ValueEncoding: Sendable, Hashable {
        /// RLE_DICTIONARY where values repeat enough, else DELTA_BINARY_PACKED for integers where it is shorter, else
        /// PLAIN; decided for each column chunk.
        case automatic
        /// PLAIN.
        case plain
        /// DELTA_BINARY_PACKED; for INT32 and INT64 columns only.
        case deltaBinaryPacked
    }

    /// A Bloom filter's settings.
    public struct BloomFilter: Sendable, Hashable {
        /// How likely an absent value is taken for present: 0.000001...0.5.
        public var falsePositiveRate: Double
        /// A row group with fewer rows gets no filter, since its bounds or its few values say as much.
        public var minimumRowCount: Int

        /// Settings with the defaults 1 % and 16 rows.
        public init(falsePositiveRate: Double = 0.01, minimumRowCount: Int = 16) {
            self.falsePositiveRate = falsePositiveRate
            self.minimumRowCount = minimumRowCount
        }
    }

    /// How values are written; automatic unless set.
    public var encoding: ValueEncoding
    /// Whether ``ValueEncoding/automatic`` may use a dictionary; on unless set.
    public var dictionary: Bool
    /// The longest dictionary in bytes, beyond which a chunk is written without one; 1 MiB unless set.
    public var dictionaryByteLimit: Int
    /// Whether bounds and null counts are written; on unless set.
    public var statistics: Bool
    /// The filter of each row group; none unless set.
    public var bloomFilter: BloomFilter?
    /// A data page of this column ends with the row that reaches this length before compression, in bytes, 1 to 1 GiB;
    /// ``WriterOptions/pageByteCount`` unless set.
    public var pageByteCount: Int?

    /// Options with their defaults.
    public init(
        encoding: ValueEncoding = .automatic,
        dictionary: Bool = true,
        dictionaryByteLimit: Int = 1 << 20,
        statistics: Bool = true,
        bloomFilter: BloomFilter? = nil,
        pageByteCount: Int? = nil
    ) {
        self.encoding = encoding
        self.dictionary = dictionary
        self.dictionaryByteLimit = dictionaryByteLimit
        self.statistics = statistics
        self.bloomFilter = bloomFilter
        self.pageByteCount = pageByteCount
    }
}
