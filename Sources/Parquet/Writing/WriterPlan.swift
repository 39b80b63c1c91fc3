/// A schema and options that were checked against each other, to write any number of files by.
///
/// Making one costs some microseconds; who writes many small files makes it once.
public struct WriterPlan: Sendable {
    /// The columns and how they nest.
    public let schema: Schema
    /// How files are laid out.
    public let options: WriterOptions
    /// What is known of each leaf.
    let columns: [ColumnPlan]
    /// The footer's bytes from its start through the schema, the same for every file.
    let footerStart: [UInt8]
    /// One for each leaf.
    let columnOrders: [ColumnOrder]

    /// Checks options against a schema.
    ///
    /// - Throws: ``ParquetError/Code/invalidArgument`` when an option names no column, does not fit its column's type
    ///   or is out of range; ``ParquetError/Code/unsupported`` when the schema has a column of type INT96.
    public init(schema: Schema, options: WriterOptions = WriterOptions()) throws(ParquetError) {
        self.schema = schema
        self.options = options
        guard !schema.columns.isEmpty else { throw Self.invalid("a schema needs at least one column") }
        guard options.pageByteCount > 0, options.pageRowCount > 0, options.pageIndexMinimumPages > 0 else {
            throw Self.invalid("page sizes and counts must be positive")
        }
        guard options.pageByteCount <= 1 << 30 else { throw Self.invalid("a page may have 1 GiB at most") }
        let names = Set(schema.columns.map(\.name))
        if let stranger = options.columns.keys.sorted().first(where: { !names.contains($0) }) {
            throw Self.invalid("options name the column \(stranger), which the schema does not have")
        }
        if let sorting = options.sortingColumns.first(where: { !schema.columns.indices.contains($0.column) }) {
            throw Self.invalid("rows cannot be sorted by column \(sorting.column), the schema has \(names.count)")
        }
        var columns: [ColumnPlan] = []
        for column in schema.columns {
            columns.append(try ColumnPlan(column, options.columns[column.name] ?? options.defaults, options))
        }
        self.columns = columns
        columnOrders = columns.map { _ in .typeDefined }
        footerStart = FileMetadata.encodeStart(schema)
    }

    private static func invalid(_ message: String) -> ParquetError { ParquetError(.invalidArgument, message) }
}

/// How pages are cut and sealed.
struct PageRules: Sendable {
    let byteCount: Int
    let rowCount: Int
    let checksums: Bool

    init(_ column: ColumnOptions, _ options: WriterOptions) {
        byteCount = column.pageByteCount ?? options.pageByteCount
        rowCount = options.pageRowCount
        checksums = options.pageChecksums
    }
}

/// What a writer knows of a column before it sees values; a class, since every chunk holds it.
final class ColumnPlan: Sendable {
    let column: Column
    let options: ColumnOptions
    /// How its pages are cut and sealed.
    let pages: PageRules
    /// By what its bounds are ordered; `nil` when it gets none.
    let order: ValueOrder?
    /// Whether a cut bound has to stay UTF-8.
    let isText: Bool
    /// The length of every value of a fixed-length column.
    let fixedLength: Int?

    init(_ column: Column, _ options: ColumnOptions, _ file: WriterOptions) throws(ParquetError) {
        self.column = column
        self.options = options
        pages = PageRules(options, file)
        guard (1...1 << 30).contains(pages.byteCount) else {
            throw ParquetError(
                .invalidArgument,
                "\(column.name): a page may have 1 byte to 1 GiB, not \(pages.byteCount)"
            )
        }
        isText = [.string, .enum, .json].contains(column.logicalType)
        let isInteger = column.type == .int32 || column.type == .int64
        if options.encoding == .deltaBinaryPacked && !isInteger {
            throw ParquetError(.invalidArgument, "\(column.name): DELTA_BINARY_PACKED is for INT32 and INT64 only")
        }
        if options.bloomFilter != nil && column.type == .boolean {
            throw ParquetError(.invalidArgument, "\(column.name): a boolean column can have no Bloom filter")
        }
        if options.dictionaryByteLimit < 0 || options.dictionaryByteLimit > 1 << 30 {
            throw ParquetError(.invalidArgument, "\(column.name): a dictionary may have 0 to 1 GiB")
        }
        if let rate = options.bloomFilter?.falsePositiveRate, !(0.000_001...0.5).contains(rate) {
            throw ParquetError(
                .invalidArgument,
                "\(column.name): a Bloom filter's false positive rate must be from 0.000001 to 0.5, not \(rate)"
            )
        }
        switch column.type {
        case .int96:
            throw ParquetError(.unsupported, "\(column.name): INT96 is deprecated and not written; use INT64")
        case .fixedLengthByteArray(let length):
            guard length > 0, length <= Int(Int32.max) else {
                throw ParquetError(.invalidArgument, "\(column.name): a fixed length cannot be \(length)")
            }
            fixedLength = length
            // Readers expect bounds of full length, so long values get none.
            order = options.statistics && length <= ValueBounds.prefixByteCount ? ValueOrder(column) : nil
        default:
            fixedLength = nil
            order = options.statistics ? ValueOrder(column) : nil
        }
        guard column.maximumDefinitionLevel <= 255, column.maximumRepetitionLevel <= 255 else {
            throw ParquetError(.invalidArgument, "\(column.name): a column may nest 255 levels deep at most")
        }
    }
}
