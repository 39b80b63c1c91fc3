/// The last 48 bytes of an object of the id index.
///
/// Numbers are big-endian:
///
/// | offset | bytes | |
/// | --- | --- | --- |
/// | 0 | 4 | `HWIX` |
/// | 4 | 2 | version, 1 |
/// | 6 | 2 | length of a page, 4096 |
/// | 8 | 8 | entries |
/// | 16 | 8 | lowest hash, its lower 16 bits zero |
/// | 24 | 8 | highest hash |
/// | 32 | 8 | offset of the filter |
/// | 40 | 4 | blocks of the filter |
/// | 44 | 4 | CRC-32 of the 44 bytes before |
struct IndexFooter: Sendable, Hashable {
    static let byteCount = 48
    private static let magic: UInt32 = 0x4857_4958
    private static let version: UInt16 = 1

    var entries: Int
    var lowHash: UInt64
    var highHash: UInt64

    /// The bytes of the footer.
    func encoded(_ layout: IndexLayout) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(IndexFooter.byteCount)
        func append(_ value: some FixedWidthInteger) {
            unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
        }
        append(IndexFooter.magic)
        append(IndexFooter.version)
        append(UInt16(IndexLayout.pageBytes))
        append(UInt64(entries))
        append(lowHash)
        append(highHash)
        append(UInt64(layout.pagesEnd))
        append(UInt32(layout.filterBlocks))
        append(IndexPage.crc(bytes[...]))
        return bytes
    }

    /// Whether bytes are the footer of a run.
    static func isFooter(_ bytes: [UInt8], of run: IndexRun) -> Bool {
        let footer = IndexFooter(entries: run.entries, lowHash: run.lowHash, highHash: run.highHash)
        return bytes == footer.encoded(run.layout)
    }
}
