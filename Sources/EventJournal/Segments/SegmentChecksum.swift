internal import CDeflate

/// What a segment's name says of its bytes: a flipped bit anywhere shows.
///
/// Parquet has checksums of pages but none of page headers, indexes and the footer. So the name carries two CRC-32
/// (that of RFC 1952): of the whole object, checked where all of it is read, and of its footer, for readers of parts.
public struct SegmentChecksum: Sendable, Hashable, CustomStringConvertible {
    /// CRC-32 of the whole object.
    public var object: UInt32
    /// CRC-32 of the footer: the metadata, its length and the magic number.
    public var footer: UInt32

    /// A checksum from its parts.
    init(object: UInt32, footer: UInt32) {
        self.object = object
        self.footer = footer
    }

    /// The checksum of a whole segment.
    init(of bytes: [UInt8]) {
        self.init(
            object: SegmentChecksum.crc(bytes[...]),
            footer: SegmentChecksum.crc(bytes.suffix(SegmentChecksum.footerBytes(of: bytes)))
        )
    }

    /// Reads 16 hexadecimal digits of the lower-case form; `nil` when the text is not that.
    init?(hexadecimal text: ArraySlice<UInt8>) {
        guard text.count == 16 else { return nil }
        var value: UInt64 = 0
        for digit in text {
            switch digit {
            case 48...57: value = value << 4 | UInt64(digit - 48)
            case 97...102: value = value << 4 | UInt64(digit - 87)
            default: return nil
            }
        }
        self.init(object: UInt32(value >> 32), footer: UInt32(truncatingIfNeeded: value))
    }

    /// Whether the last bytes of an object hold the footer that was written.
    func matchesFooter(of tail: [UInt8]) -> Bool {
        SegmentChecksum.crc(tail.suffix(SegmentChecksum.footerBytes(of: tail))) == footer
    }

    /// Whether an object is what was written.
    func matchesObject(_ bytes: [UInt8]) -> Bool { SegmentChecksum.crc(bytes[...]) == object }

    /// 16 hexadecimal digits: the object's, then the footer's.
    public var description: String {
        let text = String(UInt64(object) << 32 | UInt64(footer), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    /// The length of the footer by what the last eight bytes say: metadata, its length in four bytes, `PAR1`; that
    /// may be more than the tail has.
    static func footerBytes(of tail: [UInt8]) -> Int {
        guard tail.count >= 8 else { return tail.count }
        let length = tail[(tail.count - 8)..<(tail.count - 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
        return length + 8
    }

    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe libdeflate_crc32(0, $0.baseAddress, $0.count) }
    }
}
