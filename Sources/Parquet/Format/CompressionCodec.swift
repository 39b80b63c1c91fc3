/// How the bytes of a page are compressed.
///
/// Any number can be held, so that what this module does not support can still be named.
///
/// Source: Apache Parquet format, `Compression.md`.
public struct CompressionCodec: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The number in the file.
    public var rawValue: Int32

    /// A compression codec by its number in the file.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// As they are.
    public static var uncompressed: Self { Self(rawValue: 0) }
    /// Snappy's block format.
    public static var snappy: Self { Self(rawValue: 1) }
    /// RFC 1952, one or more members.
    public static var gzip: Self { Self(rawValue: 2) }
    /// Not supported.
    public static var lzo: Self { Self(rawValue: 3) }
    /// RFC 7932; not supported.
    public static var brotli: Self { Self(rawValue: 4) }
    /// LZ4 in Hadoop's framing; deprecated, not supported.
    public static var lz4: Self { Self(rawValue: 5) }
    /// RFC 8478.
    public static var zstd: Self { Self(rawValue: 6) }
    /// LZ4's block format; not supported.
    public static var lz4Raw: Self { Self(rawValue: 7) }

    /// Whether this module compresses and expands it.
    public var isSupported: Bool { self == .uncompressed || self == .snappy || self == .gzip || self == .zstd }

    /// The name the format gives it, or its number.
    public var description: String {
        switch self {
        case .uncompressed: "UNCOMPRESSED"
        case .snappy: "SNAPPY"
        case .gzip: "GZIP"
        case .lzo: "LZO"
        case .brotli: "BROTLI"
        case .lz4: "LZ4"
        case .zstd: "ZSTD"
        case .lz4Raw: "LZ4_RAW"
        default: "compression codec \(rawValue)"
        }
    }
}
