internal import Parquet

/// The split-block Bloom filter of a run, ten bits an entry: says of about one in a hundred absent hashes "perhaps".
///
/// The hashes in a run of the bottom level lie close together, so they are hashed once more: the filter's blocks are
/// chosen by upper bits.
struct IndexFilter: Sendable {
    private var filter: BloomFilter

    /// An empty filter.
    init(_ layout: IndexLayout) throws {
        let count = max(layout.filterBlocks, 1) * IndexLayout.filterBlockBytes
        filter = try BloomFilter(bits: [UInt8](repeating: 0, count: count)[...])
    }

    /// A filter from its pages.
    ///
    /// - Returns: `nil` when a page is damaged.
    init?(pages: [UInt8], of layout: IndexLayout) throws {
        guard layout.filterBlocks > 0, pages.count == layout.filterBytes.count else { return nil }
        var bits: [UInt8] = []
        bits.reserveCapacity(layout.filterBlocks * IndexLayout.filterBlockBytes)
        for page in 0..<layout.filterPageCount {
            let start = page * IndexLayout.filterPageBytes
            let end = min(start + IndexLayout.filterPageBytes, pages.count)
            let count = (end - start - IndexLayout.headerBytes) / IndexLayout.filterBlockBytes
            guard IndexPage.isSound(pages, start..<end, count: count, number: page) else { return nil }
            bits.append(contentsOf: pages[(start + IndexLayout.headerBytes)..<end])
        }
        filter = try BloomFilter(bits: bits[...])
    }

    /// The memory it takes.
    var byteCount: Int { filter.byteCount }

    /// Adds a hash.
    mutating func insert(_ hash: UInt64) { filter.insert(hash: IndexFilter.mixed(hash)) }

    /// Whether a hash may have been added; `false` is certain.
    func mightContain(_ hash: UInt64) -> Bool { filter.mightContain(hash: IndexFilter.mixed(hash)) }

    /// The pages as they stand in the object.
    func pages() -> [UInt8] {
        let bits = filter.bits
        var pages: [UInt8] = []
        var number = 0
        for start in stride(from: 0, to: bits.count, by: IndexLayout.filterBlocksPerPage * IndexLayout.filterBlockBytes)
        {
            let block = bits[start...].prefix(IndexLayout.filterBlocksPerPage * IndexLayout.filterBlockBytes)
            let pageStart = pages.count
            pages.append(contentsOf: repeatElement(0, count: IndexLayout.headerBytes))
            pages.append(contentsOf: block)
            let count = block.count / IndexLayout.filterBlockBytes
            IndexPage.seal(&pages, pageStart..<pages.count, count: count, number: number)
            number += 1
        }
        return pages
    }

    @inline(__always)
    private static func mixed(_ hash: UInt64) -> UInt64 { BloomFilter.hash(Int64(bitPattern: hash)) }
}
