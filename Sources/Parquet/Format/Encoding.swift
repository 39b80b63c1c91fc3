/// How the values of a page are written.
///
/// Any number can be held, so that what this module does not support can still be named.
///
/// Source: Apache Parquet format, `Encodings.md`.
public struct Encoding: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The number in the file.
    public var rawValue: Int32

    /// A encoding by its number in the file.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Values one after the other.
    public static var plain: Self { Self(rawValue: 0) }
    /// The older name of PLAIN in dictionary pages and of RLE_DICTIONARY in data pages.
    public static var plainDictionary: Self { Self(rawValue: 2) }
    /// Runs and bit-packed groups; levels and booleans.
    public static var rle: Self { Self(rawValue: 3) }
    /// Deprecated form of levels.
    public static var bitPacked: Self { Self(rawValue: 4) }
    /// Packed differences of integers.
    public static var deltaBinaryPacked: Self { Self(rawValue: 5) }
    /// Packed lengths, then all the bytes.
    public static var deltaLengthByteArray: Self { Self(rawValue: 6) }
    /// Lengths of shared prefixes, then the suffixes.
    public static var deltaByteArray: Self { Self(rawValue: 7) }
    /// Indices into the chunk's dictionary page.
    public static var rleDictionary: Self { Self(rawValue: 8) }
    /// First bytes of all values, then second bytes, and so on.
    public static var byteStreamSplit: Self { Self(rawValue: 9) }

    /// The name the format gives it, or its number.
    public var description: String {
        switch self {
        case .plain: "PLAIN"
        case .plainDictionary: "PLAIN_DICTIONARY"
        case .rle: "RLE"
        case .bitPacked: "BIT_PACKED"
        case .deltaBinaryPacked: "DELTA_BINARY_PACKED"
        case .deltaLengthByteArray: "DELTA_LENGTH_BYTE_ARRAY"
        case .deltaByteArray: "DELTA_BYTE_ARRAY"
        case .rleDictionary: "RLE_DICTIONARY"
        case .byteStreamSplit: "BYTE_STREAM_SPLIT"
        default: "encoding \(rawValue)"
        }
    }
}
