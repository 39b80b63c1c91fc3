/// What stands before the bits of a Bloom filter.
///
/// Source: Apache Parquet format, `BloomFilter.md`.
public struct BloomFilterHeader: Sendable, Hashable {
    /// Length of the bits in bytes, a multiple of 32.
    public var byteCount: Int

    /// Reads a header that starts at `bytes[start]`; returns it and its length in bytes.
    ///
    /// Refuses any algorithm but split blocks, any hash but xxHash64, and any compression as unsupported.
    public static func parse(
        _ bytes: [UInt8],
        at start: Int = 0,
        fileOffset: Int
    ) throws(ParquetError) -> (header: BloomFilterHeader, byteCount: Int) {
        var reader = CompactReader(bytes, at: start, fileOffset: fileOffset)
        var size: Int?
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: size = Int(try reader.int32(field))
            case 2: try expectFirst(of: "algorithm", &reader, field)
            case 3: try expectFirst(of: "hash", &reader, field)
            case 4: try expectFirst(of: "compression", &reader, field)
            default: try reader.skip(field)
            }
        }
        guard let size, size > 0, size % 32 == 0 else {
            throw reader.malformed("a Bloom filter's length is missing or no multiple of 32")
        }
        return (BloomFilterHeader(byteCount: size), reader.position - start)
    }

    /// Each of the three unions has one member so far, numbered 1.
    private static func expectFirst(
        of union: String,
        _ reader: inout CompactReader,
        _ field: CompactField
    ) throws(ParquetError) {
        try reader.structure(field)
        var last: Int16 = 0
        while let member = try reader.nextField(after: &last) {
            if member.id != 1 {
                throw ParquetError(
                    .unsupported,
                    "the Bloom filter's \(union) number \(member.id) is not supported",
                    offset: reader.malformed("").offset
                )
            }
            try reader.skip(member)
        }
    }

    func write(to writer: inout CompactWriter) {
        writer.structure { writer in
            writer.int32(1, Int32(truncatingIfNeeded: byteCount))
            for union in Int16(2)...4 { writer.structure(union) { $0.structure(1) { _ in } } }
        }
    }
}
