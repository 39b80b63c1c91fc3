/// How much memory an untrusted file may make the reader allocate.
///
/// While it decodes, a reader holds for each projected column at most one dictionary and one page (or, in a repeated
/// column, the pages of one row), each in compressed, decompressed and decoded form; each of those forms is bounded by
/// ``maximumPageBytes``. The footer, and each page index and Bloom filter that is asked for, is bounded by
/// ``maximumFooterBytes``; decoded, a hostile one can take up to about forty times its length.
public struct ReadLimits: Sendable, Hashable {
    /// The largest footer, page index or Bloom filter, in bytes; the default is 64 MiB.
    public var maximumFooterBytes: Int
    /// The largest page, in bytes: as it stands, decompressed, and decoded; the default is 256 MiB, the most 2 GiB.
    ///
    /// A decoded page takes one byte for each level, the width of a number, and 12 bytes (a ``ByteView``) for a byte
    /// string.
    public var maximumPageBytes: Int

    /// The defaults.
    public static var defaults: ReadLimits { ReadLimits() }

    /// Makes limits; both are in bytes.
    public init(maximumFooterBytes: Int = 64 << 20, maximumPageBytes: Int = 256 << 20) {
        self.maximumFooterBytes = maximumFooterBytes
        self.maximumPageBytes = maximumPageBytes
    }
}
