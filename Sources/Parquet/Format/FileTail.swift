/// The last eight bytes of a file: the length of the metadata before them and the magic.
///
/// Source: Apache Parquet format, `README.md` (File format) and `Encryption.md`.
public struct FileTail: Sendable, Hashable {
    /// `PAR1`, at both ends of a file.
    public static let magic: [UInt8] = Array("PAR1".utf8)
    /// `PARE`, at both ends of a file whose footer is encrypted.
    public static let encryptedMagic: [UInt8] = Array("PARE".utf8)
    /// The length of the tail itself in bytes.
    public static let byteCount = 8
    /// The length of the smallest file: magic, empty metadata and tail.
    public static let minimumFileByteCount = 12

    /// Length of the metadata in bytes.
    public var metadataByteCount: Int
    /// Offset of the metadata from the start of the file.
    public var metadataOffset: Int

    /// Reads the tail from the last eight bytes of a file of `fileByteCount` bytes.
    ///
    /// - Throws: ``ParquetError/Code/malformed`` when the file is no Parquet file or the metadata would not fit in it;
    ///   ``ParquetError/Code/unsupported`` when its footer is encrypted.
    public static func parse(_ tail: [UInt8], fileByteCount: Int) throws(ParquetError) -> FileTail {
        guard tail.count == byteCount, fileByteCount >= minimumFileByteCount else {
            throw ParquetError(
                .malformed,
                "a file of \(fileByteCount) bytes is too short for Parquet: was it cut off?",
                offset: fileByteCount
            )
        }
        let end = fileByteCount - byteCount
        let magic = Array(tail[4...])
        if magic == encryptedMagic {
            throw ParquetError(.unsupported, "the file's footer is encrypted, which is not supported", offset: end + 4)
        }
        guard magic == Self.magic else {
            throw ParquetError(
                .malformed,
                "the file does not end in PAR1: it is cut off or no Parquet file",
                offset: end + 4
            )
        }
        let length = Int(tail[0]) | Int(tail[1]) << 8 | Int(tail[2]) << 16 | Int(tail[3]) << 24
        guard length <= end - 4 else {
            throw ParquetError(
                .malformed,
                "the footer claims \(length) bytes, but the file has only \(fileByteCount)",
                offset: end
            )
        }
        return FileTail(metadataByteCount: length, metadataOffset: end - length)
    }
}
