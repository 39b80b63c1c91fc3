import CFuzzer
import Foundation
import Parquet

/// Reads any bytes as a Parquet file: all columns of all row groups, the page indexes and Bloom filters, rows by page
/// index and by conditions, and records.
///
/// Every file ends in its rows or in a `ParquetError`; a trap, an overflow, a leak or an allocation past the limits is
/// a finding.
@main
struct ParquetReader {
    static func main() {
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--write-seeds" {
            do {
                try Seeds.write(to: CommandLine.arguments[2])
                return
            } catch {
                print("fuzz: cannot write seeds: \(error)")
                exit(1)
            }
        }
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        LLVMFuzzerRunDriver(&count, &arguments) { data, size in
            let bytes = Array(UnsafeBufferPointer(start: data, count: size))
            do throws(ParquetError) {
                try ParquetReader.readAll(bytes)
            } catch {
                precondition(!error.message.isEmpty, "an error without a message")
            }
            return 0
        }
    }

    private static func readAll(_ bytes: [UInt8]) throws(ParquetError) {
        let limits = ReadLimits(maximumFooterBytes: 1 << 20, maximumPageBytes: 4 << 20)
        var file = try ParquetFile(bytes: bytes, limits: limits)
        file.verifiesChecksums = false  // or no change would get past a page's checksum
        // A few hundred groups or columns say no more than the first, but take their time.
        for number in file.metadata.rowGroups.indices.prefix(4) {
            for column in file.schema.columns.indices.prefix(8) {
                attempt { () throws(ParquetError) in try read(file, try file.plan(rowGroup: number, columns: [column]))
                }
                attempt { () throws(ParquetError) in try readSome(file, bytes, rowGroup: number, column: column) }
            }
            if file.schema.columns.count <= 16 {
                attempt { () throws(ParquetError) in try readRecords(file, rowGroup: number) }
            }
        }
    }

    private static func attempt(_ body: () throws(ParquetError) -> Void) {
        do throws(ParquetError) {
            try body()
        } catch {
            precondition(!error.message.isEmpty, "an error without a message")
        }
    }

    /// Reads the rows of a plan; every view must lie inside its buffer.
    private static func read(_ file: ParquetFile, _ plan: ReadPlan) throws(ParquetError) {
        var decoder = try file.decoder(plan)
        // A few bytes of run-length encoding stand for many rows, rightly: the first batches have to do.
        for _ in 0..<64 {
            guard let batch = try decoder.next(maximumRows: 4096) else { return }
            for column in batch.columns {
                if case .bytes(let values) = column.values {
                    precondition(values.isValid(), "a view outside its buffer")
                }
                if column.repetitionLevels == nil { precondition(column.count == batch.rowCount, "rows got lost") }
            }
        }
    }

    /// Reads a few rows in the middle, by the offset index where there is one.
    private static func readSome(
        _ file: ParquetFile,
        _ bytes: [UInt8],
        rowGroup: Int,
        column: Int
    ) throws(ParquetError) {
        var evidence = FilterEvidence()
        if let range = try file.columnIndexRange(rowGroup: rowGroup, column: column) {
            evidence.columnIndexes[column] = try ColumnIndex.parse(Array(bytes[range]), fileOffset: range.lowerBound)
        }
        if let range = try file.offsetIndexRange(rowGroup: rowGroup, column: column) {
            evidence.offsetIndexes[column] = try OffsetIndex.parse(Array(bytes[range]), fileOffset: range.lowerBound)
        }
        if let range = try file.bloomFilterRange(rowGroup: rowGroup, column: column) {
            let (header, length) = try BloomFilterHeader.parse(Array(bytes[range]), fileOffset: range.lowerBound)
            if length + header.byteCount <= range.count {
                let bits = bytes[(range.lowerBound + length)..<(range.lowerBound + length + header.byteCount)]
                evidence.bloomFilters[column] = try BloomFilter(bits: bits)
            }
        }
        let count = file.metadata.rowGroups[rowGroup].rowCount
        let some = count / 3..<min(count, count / 3 + 20)
        let indexes = evidence.offsetIndexes
        try read(file, try file.plan(rowGroup: rowGroup, columns: [column], rows: some, offsetIndexes: indexes))

        let values: [RecordValue] =
            switch file.schema.columns[column].type {
            case .boolean: [.boolean(false), .boolean(true)]
            case .int32: [.int32(0), .int32(9)]
            case .int64, .int96: [.int64(0), .int64(9)]
            case .float: [.float(0), .float(9)]
            case .double: [.double(0), .double(9)]
            case .byteArray: [.bytes([]), .string("flood")]
            case .fixedLengthByteArray: []
            }
        var filters: [Filter] = [.isNull(column: column), .isNotNull(column: column)]
        if let first = values.first, let last = values.last {
            filters += [.between(column: column, first, last), .equals(column: column, last)]
        }
        for filter in filters {
            for rows in try file.rows(rowGroup: rowGroup, mayMatch: filter, evidence: evidence).prefix(3) {
                try read(file, try file.plan(rowGroup: rowGroup, columns: [column], rows: rows, offsetIndexes: indexes))
            }
        }
    }

    private static func readRecords(_ file: ParquetFile, rowGroup: Int) throws(ParquetError) {
        let assembler = RecordAssembler(file.schema)
        var decoder = try file.decoder(try file.plan(rowGroup: rowGroup))
        for _ in 0..<4 {
            guard let batch = try decoder.next(maximumRows: 256) else { return }
            let records = try assembler.records(batch)
            precondition(records.count == batch.rowCount, "records got lost")
        }
    }
}
