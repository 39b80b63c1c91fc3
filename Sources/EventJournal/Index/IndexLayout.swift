/// Where things are in an object of the id index: pages of entries, pages of the filter, footer, without gaps.
///
/// It all follows from the number of entries, so that a look-up needs no request to find out. All pages are full but
/// the last of each kind, which is as short as it can be. Length: 16 bytes an entry at most from 112 entries on, 15.4
/// in runs of thousands.
struct IndexLayout: Sendable, Hashable {
    /// The length of a full page of entries.
    static let pageBytes = 4096
    /// CRC-32, count and number of a page.
    static let headerBytes = 8
    /// Six bytes of hash and eight of timestamp.
    static let entryBytes = 14
    static let entriesPerPage = (pageBytes - headerBytes) / entryBytes
    /// 32 bytes each, as in Parquet.
    static let filterBlockBytes = 32
    static let filterBlocksPerPage = (pageBytes - headerBytes) / filterBlockBytes
    static let filterPageBytes = headerBytes + filterBlocksPerPage * filterBlockBytes
    static let filterBitsPerEntry = 10
    /// What page numbers of 16 bits allow.
    static let mostEntries = entriesPerPage << 16

    let entries: Int
    let filterBlocks: Int

    /// The layout of a run.
    init(entries: Int, filtered: Bool) {
        self.entries = entries
        filterBlocks = filtered ? (entries * IndexLayout.filterBitsPerEntry + 255) / 256 : 0
    }

    var pageCount: Int { (entries + IndexLayout.entriesPerPage - 1) / IndexLayout.entriesPerPage }

    /// How many entries a page has.
    func entries(inPage page: Int) -> Int {
        min(IndexLayout.entriesPerPage, entries - page * IndexLayout.entriesPerPage)
    }

    /// The end of the pages of entries.
    var pagesEnd: Int { entries * IndexLayout.entryBytes + pageCount * IndexLayout.headerBytes }

    /// Which bytes pages of entries are.
    func bytes(ofPages pages: Range<Int>) -> Range<Int> {
        (pages.lowerBound * IndexLayout.pageBytes)..<min(pages.upperBound * IndexLayout.pageBytes, pagesEnd)
    }

    var filterPageCount: Int {
        (filterBlocks + IndexLayout.filterBlocksPerPage - 1) / IndexLayout.filterBlocksPerPage
    }

    /// Which bytes the pages of the filter are.
    var filterBytes: Range<Int> {
        pagesEnd..<(pagesEnd + filterBlocks * IndexLayout.filterBlockBytes + filterPageCount * IndexLayout.headerBytes)
    }

    /// The length of the object.
    var byteCount: Int { filterBytes.upperBound + IndexFooter.byteCount }
}
