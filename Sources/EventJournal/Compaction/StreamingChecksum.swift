internal import CDeflate

/// The ``SegmentChecksum`` of an object that comes up piece by piece.
struct StreamingChecksum: Sendable {
    private var object: UInt32 = 0
    private(set) var byteCount = 0

    /// Takes the next bytes in.
    mutating func update(_ bytes: [UInt8]) {
        byteCount += bytes.count
        object = unsafe bytes.withUnsafeBytes { unsafe libdeflate_crc32(object, $0.baseAddress, $0.count) }
    }

    /// Takes the last bytes in, which hold all of the footer.
    consuming func finish(_ tail: [UInt8]) -> SegmentChecksum {
        update(tail)
        return SegmentChecksum(object: object, footer: SegmentChecksum(of: tail).footer)
    }
}
