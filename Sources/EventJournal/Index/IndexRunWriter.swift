internal import ObjectStorage

/// Writes sorted entries as runs, streaming: what it holds is a buffer, and the hashes of the run at hand for its
/// filter.
///
/// Entries that are equal are stored once. A run is closed at its limit, but not between entries of one hash, so that
/// runs do not overlap; only a hash with as many entries as a whole run is divided.
///
/// Memory: 8 bytes an entry of the run at hand and 1.25 for its filter (40 MB for 4 M entries), and 1 MiB.
struct IndexRunWriter {
    private let store: any ObjectStore
    private let level: IndexRun.Level
    private let identifier: UUIDv7
    private let entriesPerRun: Int
    private var runs: [IndexRun] = []
    private var upload: (any ObjectUpload)?

    /// Pages on their way to the store, the last one unsealed.
    private var buffer = [UInt8](repeating: 0, count: pagesInBuffer * IndexLayout.pageBytes)
    private var bufferedPages = 0
    private var page = 0
    private var entriesInPage = 0
    private var entries = 0
    private var hashes: [UInt64] = []
    private var lowHash: UInt64 = 0
    private var last: IndexEntry?

    private static let pagesInBuffer = 256

    /// A writer of runs of one level.
    ///
    /// - Parameters:
    ///   - store: The journal.
    ///   - level: What the runs are for.
    ///   - identifier: Part of the runs' names; one that was not used before.
    ///   - expectedEntries: How many entries will come at most, so that runs become equally long.
    ///   - limit: The most entries of a run.
    init(
        store: any ObjectStore,
        level: IndexRun.Level,
        identifier: UUIDv7,
        expectedEntries: Int,
        limit: Int = IndexLimits.standard.entriesPerRun
    ) {
        self.store = store
        self.level = level
        self.identifier = identifier
        let limit = min(max(limit, 1), IndexLayout.mostEntries / 2)
        let parts = max(1, (expectedEntries + limit - 1) / limit)
        entriesPerRun = min(limit, max(1, (expectedEntries + parts - 1) / parts))
    }

    /// Adds entries, which must not be below those added before.
    ///
    /// - Throws: Why the store could not take them; then call ``abort()``.
    mutating func append(_ entries: [IndexEntry]) async throws {
        var index = 0
        while index < entries.count {
            index = encode(entries, from: index)
            if bufferedPages == IndexRunWriter.pagesInBuffer { try await flush() }
            if index < entries.count, endsRun(before: entries[index]) { try await finishRun() }
        }
    }

    /// Stores what is left.
    ///
    /// - Returns: All runs, by hash; none when there was no entry.
    /// - Throws: Why the store could not take them; then call ``abort()``.
    mutating func finish() async throws -> [IndexRun] {
        if entries > 0 { try await finishRun() }
        return runs
    }

    /// Gives up, and deletes what was stored; what cannot be deleted is left for vacuum, since nothing names it.
    mutating func abort() async {
        await upload?.abort()
        upload = nil
        await IndexBuilder.discard(runs, in: store)
        runs = []
    }

    private func endsRun(before entry: IndexEntry) -> Bool {
        entries >= entriesPerRun && (entry.hash != last?.hash || entries >= 2 * entriesPerRun) && entry != last
    }

    /// Encodes entries until the buffer or the run is full.
    ///
    /// - Returns: The first entry not taken.
    private mutating func encode(_ new: [IndexEntry], from start: Int) -> Int {
        var index = start
        while index < new.count, bufferedPages < IndexRunWriter.pagesInBuffer {
            let room = IndexLayout.entriesPerPage - entriesInPage
            let base = bufferedPages * IndexLayout.pageBytes + IndexLayout.headerBytes
            let offset = base + entriesInPage * IndexLayout.entryBytes
            var taken = 0
            var ends = false
            var pages: [UInt8] = []
            swap(&pages, &buffer)
            unsafe pages.withUnsafeMutableBytes { buffer in
                var target = offset
                while index < new.count, taken < room {
                    let entry = new[index]
                    if let last {
                        precondition(!(entry < last), "Index entries must ascend, \(entry) came after \(last)")
                        if entry == last {
                            index += 1
                            continue
                        }
                        if entries >= entriesPerRun, endsRun(before: entry) {
                            ends = true
                            break
                        }
                    }
                    // The page has room for entries of 14 bytes: 8 from its start, 8 more from the sixth on.
                    unsafe buffer.storeBytes(of: entry.hash.bigEndian, toByteOffset: target, as: UInt64.self)
                    unsafe buffer.storeBytes(of: entry.timestamp.bigEndian, toByteOffset: target + 6, as: Int64.self)
                    target += IndexLayout.entryBytes
                    if level != .spill { hashes.append(entry.hash) }
                    if entries == 0 { lowHash = entry.hash }
                    last = entry
                    entries += 1
                    taken += 1
                    index += 1
                }
            }
            swap(&pages, &buffer)
            entriesInPage += taken
            if entriesInPage == IndexLayout.entriesPerPage { sealPage() }
            if ends { break }
        }
        return index
    }

    private mutating func sealPage() {
        let start = bufferedPages * IndexLayout.pageBytes
        let end = start + IndexLayout.headerBytes + entriesInPage * IndexLayout.entryBytes
        IndexPage.seal(&buffer, start..<end, count: entriesInPage, number: page)
        page += 1
        bufferedPages += 1
        entriesInPage = 0
    }

    private var path: String { IndexRun.path(identifier, level: level, part: runs.count) }

    private mutating func flush() async throws {
        try await write(buffer)
        bufferedPages = 0
    }

    private mutating func write(_ bytes: [UInt8]) async throws {
        do {
            let upload: any ObjectUpload
            if let open = self.upload {
                upload = open
            } else {
                upload = try await store.beginUpload(path, mode: .ifAbsent)
                self.upload = upload
            }
            try await upload.write(bytes)
        } catch {
            throw JournalError.wrapping(error, "Writing the id index failed", object: path)
        }
    }

    private mutating func finishRun() async throws {
        let pageEnd = entriesInPage == 0 ? 0 : IndexLayout.headerBytes + entriesInPage * IndexLayout.entryBytes
        let pagesEnd = bufferedPages * IndexLayout.pageBytes + pageEnd
        if entriesInPage > 0 { sealPage() }
        var tail = Array(buffer[..<pagesEnd])
        let layout = IndexLayout(entries: entries, filtered: level != .spill)
        if level != .spill {
            var filter = try IndexFilter(layout)
            for hash in hashes { filter.insert(hash) }
            tail.append(contentsOf: filter.pages())
        }
        let highHash = last?.hash ?? lowHash
        tail.append(
            contentsOf: IndexFooter(entries: entries, lowHash: lowHash, highHash: highHash).encoded(layout)
        )
        let path = path
        if upload == nil {
            do {
                _ = try await store.put(path, tail, mode: .ifAbsent)
            } catch {
                throw JournalError.wrapping(error, "Writing the id index failed", object: path)
            }
        } else {
            try await write(tail)
            do {
                try await upload?.complete()
            } catch {
                throw JournalError.wrapping(error, "Writing the id index failed", object: path)
            }
        }
        upload = nil
        runs.append(
            IndexRun(
                path: path,
                level: level,
                entries: entries,
                bytes: layout.byteCount,
                lowHash: lowHash,
                highHash: highHash
            )
        )
        hashes.removeAll(keepingCapacity: true)
        (bufferedPages, page, entries) = (0, 0, 0)
    }
}
