import CFuzzer
import Parquet

/// Reads any bytes as a Parquet file: all columns of all row groups.
///
/// Every file ends in its rows or in a `ParquetError`; a trap, an overflow, a leak or an allocation past the limits is
/// a finding.
@main
struct ParquetReader {
    static func main() {
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
        for number in file.metadata.rowGroups.indices {
            for column in file.schema.columns.indices {
                do throws(ParquetError) {
                    try read(file, rowGroup: number, column: column)
                } catch {
                    precondition(!error.message.isEmpty, "an error without a message")
                }
            }
        }
    }

    private static func read(_ file: ParquetFile, rowGroup: Int, column: Int) throws(ParquetError) {
        var decoder = try file.decoder(try file.plan(rowGroup: rowGroup, columns: [column]))
        // A few bytes of run-length encoding stand for many rows, rightly: the first batches have to do.
        for _ in 0..<64 {
            if try decoder.next(maximumRows: 4096) == nil { return }
        }
    }
}
