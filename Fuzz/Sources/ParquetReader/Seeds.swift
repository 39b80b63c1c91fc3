import Foundation
import Parquet

/// Small files of our own writer for the fuzzer to begin with.
enum Seeds {
    /// Made anew each time: the leak sanitizer does not see what a global enum holds.
    private static var schema: Schema {
        Schema([
            .leaf("id", .byteArray, .string), .leaf("time", .int64, .timestamp(.microseconds, utc: true)),
            .leaf("flag", .boolean, nil, .optional), .leaf("ratio", .double, nil, .optional),
            .leaf("hash", .fixedLengthByteArray(4), nil, .optional),
            .list("tags", of: .leaf("element", .byteArray, .string, .optional), .optional),
            .map("counts", key: .leaf("key", .byteArray, .string), value: .leaf("value", .int32, nil, .optional)),
            .list("pairs", of: .group("element", [.leaf("a", .int32), .leaf("b", .float, nil, .optional)], .optional)),
        ])
    }

    static func write(to folder: String) throws {
        for (codec, compression) in [("none", Compression.uncompressed), ("zstd", .zstd()), ("snappy", .snappy)] {
            for dictionary in [false, true] {
                for rows in [0, 1, 40] {
                    var options = WriterOptions(compression: compression, pageRowCount: 16, pageIndexMinimumPages: 1)
                    options.defaults = ColumnOptions(dictionary: dictionary)
                    options.columns["id"] = ColumnOptions(dictionary: dictionary, bloomFilter: .init())
                    var writer = try ParquetWriter(schema: schema, options: options)
                    try writer.writeRowGroup(try columns(rows))
                    let name = "\(folder)/own-\(codec)-\(dictionary ? "dictionary" : "plain")-\(rows).parquet"
                    try Data(writer.finish()).write(to: URL(filePath: name))
                }
            }
        }
    }

    private static func columns(_ rows: Int) throws -> [ColumnData] {
        var shredder = try RecordShredder(schema)
        for row in 0..<rows {
            try shredder.append(
                .structure([
                    .string("event-\(row)"), .int64(Int64(row * row * 1000)),
                    row % 3 == 0 ? .null : .boolean(row % 2 == 0),
                    row % 5 == 0 ? .null : .double(Double(row) / 7),
                    row % 2 == 0 ? .null : .bytes([1, 2, 3, UInt8(row)]),
                    row % 7 == 0 ? .null : .list((0..<(row % 4)).map { $0 == 2 ? .null : .string("tag \($0)") }),
                    .map((0..<(row % 3)).map { RecordValue.Entry(.string("k\($0)"), .int32(Int32(row))) }),
                    .list((0..<(row % 2)).map { .structure([.int32(Int32($0)), .null]) }),
                ])
            )
        }
        return shredder.finish()
    }
}
