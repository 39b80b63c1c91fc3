#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where segments of journals on other machines are kept, so that the next query need not fetch them again.
///
/// Any number of processes use one directory at once. A segment is there whole or not at all; its length and checksum
/// are compared before each use, and one that does not match is fetched anew. When the limit is reached those go that
/// were not used for longest, but none that a query is reading.
public struct SegmentCache: Sendable, Hashable {
    /// The directory; it is made when it is not there.
    public var directory: String
    /// So many bytes of segments are kept at most, those in use and those being fetched included.
    ///
    /// A query that needs more is refused.
    public var limitBytes: Int

    /// 10 GiB.
    public static let defaultLimitBytes = 10 << 30

    /// Describes a cache; nothing is done before a query needs it.
    public init(directory: String, limitBytes: Int = SegmentCache.defaultLimitBytes) {
        self.directory = directory
        self.limitBytes = limitBytes
    }

    /// Where programs of the user keep what can be fetched again.
    ///
    /// `$XDG_CACHE_HOME/highwater` (XDG Base Directory Specification), else `~/Library/Caches/highwater` on macOS and
    /// `~/.cache/highwater` elsewhere.
    ///
    /// - Parameters:
    ///   - cacheHome: The variable `XDG_CACHE_HOME`; what is no absolute path does not count.
    ///   - home: The user's directory.
    ///   - temporary: Where it goes when neither is known.
    /// - Returns: The path.
    public static func defaultDirectory(cacheHome: String?, home: String?, temporary: String) -> String {
        if let cacheHome, cacheHome.hasPrefix("/") { return "\(cacheHome)/highwater" }
        guard let home, home.hasPrefix("/") else { return "\(temporary)/highwater-cache-\(getuid())" }
        #if canImport(Darwin)
        return "\(home)/Library/Caches/highwater"
        #else
        return "\(home)/.cache/highwater"
        #endif
    }
}

/// An object as a cache knows it.
struct CachedObject: Sendable {
    /// Its key in the store.
    var key: String
    var bytes: Int
    /// CRC-32 of its bytes (RFC 1952); `nil` when nobody wrote that down.
    var checksum: UInt32?

    /// The beginning of the name it has in a cache: whose it is and how long.
    func stem(_ location: String) -> String {
        "\(CachedObject.hash(location))-\(CachedObject.hash(key))-\(bytes)-"
    }

    /// FNV-1a of 64 bits (Fowler, Noll, Vo) as 16 digits.
    private static func hash(_ text: String) -> String {
        let value = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0100_0000_01B3 }
        return hexadecimal(value, digits: 16)
    }
}

/// A number in lower-case hexadecimal digits.
func hexadecimal(_ value: some BinaryInteger, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
