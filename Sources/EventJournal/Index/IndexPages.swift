/// Adjacent pages of a run in memory; each is checked once, when it is first used.
struct IndexPages: Sendable {
    /// What the pages say of a hash.
    enum Answer: Sendable, Equatable {
        /// All entries with the hash are here: from the first to before the last, counted from the first entry here.
        case complete(Range<Int>)
        /// Entries with the hash are in pages before these, if anywhere; the lowest hash here is given.
        case before(UInt64)
        /// Entries with the hash are in pages behind these, if anywhere; the highest hash here is given.
        case behind(UInt64)
        /// Entries with the hash reach beyond these pages.
        case beyond
    }

    private let bytes: [UInt8]
    let pages: Range<Int>
    private let layout: IndexLayout
    private let run: IndexRun
    private let location: String
    private var checked: [Bool]

    init(bytes: [UInt8], pages: Range<Int>, run: IndexRun, location: String) {
        self.bytes = bytes
        self.pages = pages
        self.run = run
        self.location = location
        layout = run.layout
        checked = Array(repeating: false, count: pages.count)
    }

    /// How many entries are here.
    var count: Int {
        min(pages.upperBound * IndexLayout.entriesPerPage, layout.entries)
            - pages.lowerBound * IndexLayout.entriesPerPage
    }

    /// The memory it takes.
    var byteCount: Int { bytes.count + checked.count }

    /// The entries at these places.
    ///
    /// - Throws: ``JournalError/Code/damagedIndex``.
    mutating func entries(_ range: Range<Int>) throws -> [IndexEntry] {
        guard !range.isEmpty else { return [] }
        let perPage = IndexLayout.entriesPerPage
        for page in (range.lowerBound / perPage)...((range.upperBound - 1) / perPage) { try check(page) }
        let span = unsafe bytes.span.bytes
        var entries: [IndexEntry] = []
        entries.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let pageEnd = min((index / perPage + 1) * perPage, range.upperBound)
            var offset = IndexPages.offset(index)
            while index < pageEnd {
                entries.append(span.indexEntry(at: offset))
                offset += IndexLayout.entryBytes
                index += 1
            }
        }
        return entries
    }

    /// All entries, which ascend.
    ///
    /// - Throws: ``JournalError/Code/damagedIndex``, also when they do not ascend or are not in the run's range.
    mutating func allEntries() throws -> [IndexEntry] {
        let entries = try entries(0..<count)
        var previous = IndexEntry(hash: run.lowHash, timestamp: .min)
        for entry in entries {
            guard !(entry < previous) else { throw run.damaged("is out of order", in: location) }
            previous = entry
        }
        guard previous.hash <= run.highHash else { throw run.damaged("is out of order", in: location) }
        return entries
    }

    /// Checks all pages.
    ///
    /// - Throws: ``JournalError/Code/damagedIndex``.
    mutating func checkAll() throws {
        for page in 0..<pages.count { try check(page) }
    }

    /// Where entries with a hash are.
    ///
    /// - Parameters:
    ///   - hash: What is looked for; its lower 16 bits are zero.
    ///   - start: A page, counted from the first one here, before which there is none with the hash.
    /// - Returns: Where, as far as can be told from these pages.
    /// - Throws: ``JournalError/Code/damagedIndex`` when a page it has to look at is damaged.
    /// - Complexity: O(log n).
    mutating func find(_ hash: UInt64, fromPage start: Int = 0) throws -> Answer {
        // The first page whose last entry is not below the hash.
        var low = start
        var high = pages.count
        // Close to where the last one was, when hashes ascend: widen steps first.
        var step = 1
        while low + step < high, try lastHash(ofPage: low + step - 1) < hash {
            low += step
            step *= 2
        }
        high = min(high, low + step)
        while low < high {
            let middle = low + (high - low) / 2
            if try lastHash(ofPage: middle) < hash { low = middle + 1 } else { high = middle }
        }
        guard low < pages.count else {
            if pages.upperBound == layout.pageCount { return .complete(count..<count) }
            return .behind(try lastHash(ofPage: pages.count - 1))
        }
        try check(low)
        let first = lowerBound(hash, inPage: low)
        if first == 0, pages.lowerBound > 0 {
            let lowest = self.hash(at: 0)
            return lowest == hash ? .beyond : .before(lowest)
        }
        var end = first
        while end < count {
            if end % IndexLayout.entriesPerPage == 0 { try check(end / IndexLayout.entriesPerPage) }
            guard self.hash(at: end) == hash else { return .complete(first..<end) }
            end += 1
        }
        if pages.upperBound == layout.pageCount { return .complete(first..<end) }
        return .beyond
    }

    /// The page that the entry at a place is in, counted from the first one here.
    func page(ofEntry index: Int) -> Int { min(index / IndexLayout.entriesPerPage, max(pages.count - 1, 0)) }

    /// The timestamps of the entries at these places, whose pages ``find(_:fromPage:)`` has checked.
    func timestamps(_ range: Range<Int>) -> [Int64] {
        let span = unsafe bytes.span.bytes
        return range.map { span.bigEndian(Int64.self, at: IndexPages.offset($0) + 6) }
    }

    /// The first entry of a page that is not below a hash, counted from the first entry here.
    private func lowerBound(_ hash: UInt64, inPage page: Int) -> Int {
        let span = unsafe bytes.span.bytes
        let base = page * IndexLayout.pageBytes + IndexLayout.headerBytes
        var low = 0
        var high = layout.entries(inPage: pages.lowerBound + page)
        while low < high {
            let middle = (low + high) / 2
            if span.indexHash(at: base + middle * IndexLayout.entryBytes) < hash {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return page * IndexLayout.entriesPerPage + low
    }

    private mutating func lastHash(ofPage page: Int) throws -> UInt64 {
        try check(page)
        return hash(at: page * IndexLayout.entriesPerPage + layout.entries(inPage: pages.lowerBound + page) - 1)
    }

    private func hash(at index: Int) -> UInt64 {
        unsafe bytes.span.bytes.indexHash(at: IndexPages.offset(index))
    }

    private mutating func check(_ page: Int) throws {
        guard !checked[page] else { return }
        let number = pages.lowerBound + page
        let count = layout.entries(inPage: number)
        let start = page * IndexLayout.pageBytes
        let end = start + IndexLayout.headerBytes + count * IndexLayout.entryBytes
        guard IndexPage.isSound(bytes, start..<end, count: count, number: number) else {
            throw run.damaged("has a damaged page, number \(number)", in: location)
        }
        checked[page] = true
    }

    @inline(__always)
    private static func offset(_ index: Int) -> Int {
        let (page, entry) = index.quotientAndRemainder(dividingBy: IndexLayout.entriesPerPage)
        return page * IndexLayout.pageBytes + IndexLayout.headerBytes + entry * IndexLayout.entryBytes
    }
}
