/// How a writer compresses pages.
public struct Compression: Sendable, Hashable {
    /// The codec.
    public let codec: CompressionCodec
    /// The codec's own level; without meaning where the codec has none.
    public let level: Int32

    /// As they are.
    public static let uncompressed = Compression(codec: .uncompressed, level: 0)
    /// Snappy: fast, compresses little.
    public static let snappy = Compression(codec: .snappy, level: 0)
    /// Gzip at libdeflate's `level` from 0 to 12; a level outside is taken as the nearest.
    public static func gzip(level: Int = 6) -> Compression {
        Compression(codec: .gzip, level: Int32(max(0, min(12, level))))
    }
    /// Zstandard at `level` from -7 to 22; a level outside is taken as the nearest.
    public static func zstd(level: Int = 1) -> Compression {
        Compression(codec: .zstd, level: Int32(max(-7, min(22, level))))
    }
}
