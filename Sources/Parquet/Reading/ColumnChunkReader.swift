/// Hands out the rows of a column chunk, page by page.
struct ColumnChunkReader {
    /// Bytes of the chunk that hold whole pages.
    struct Segment {
        /// What holds them.
        var buffer: [UInt8]
        /// Where in the buffer they are.
        var range: Range<Int>
        /// The offset in the file of the buffer's first byte; below 0 never, since buffers are parts of the file.
        var bufferOffset: Int
        /// The rows of its only data page, when an offset index told them; `nil` when pages have to be counted.
        var rows: Range<Int>?
    }

    private let decoder: PageDecoder
    private let segments: [Segment]
    /// How many slots the chunk has; counts only where `segments` is the whole chunk.
    private let slotCount: Int
    /// Whether `segments` is the whole chunk.
    private let isWhole: Bool

    private var segment = 0
    /// Where the next page header is, in the segment's buffer.
    private var position: Int
    /// How many slots the pages read so far had.
    private var slotsRead = 0
    private var dictionary: ColumnValues?

    /// Pages decoded but not handed out yet, and how far they have been.
    private var pending: DecodedPage?
    private var slot = 0
    private var value = 0
    /// How many rows begin at or behind `slot`.
    private var pendingRows = 0
    /// Whether the last of them ends in `pending`.
    private var isLastRowComplete = true

    /// The next row to be handed out, counted from the start of the row group.
    private(set) var nextRow = 0

    /// Reads pages from `segments`; `slotCount` is the number the chunk's metadata gives.
    init(decoder: PageDecoder, segments: [Segment], slotCount: Int, isWhole: Bool) {
        self.decoder = decoder
        self.segments = segments
        self.slotCount = slotCount
        self.isWhole = isWhole
        position = segments.first?.range.lowerBound ?? 0
    }

    /// The column whose chunk it is.
    var column: Column { decoder.column }

    /// How many rows can be handed out without reading another page; 0 at the end of the chunk.
    mutating func availableRows(_ decompressor: inout Decompressor) throws(ParquetError) -> Int {
        while true {
            let rows = isLastRowComplete ? pendingRows : pendingRows - 1
            if rows > 0 { return rows }
            guard try loadPage(endingAfter: nextRow, &decompressor) else { return 0 }
        }
    }

    /// Goes on to row `row`, past pages that end before it without decoding them.
    mutating func advance(to row: Int, _ decompressor: inout Decompressor) throws(ParquetError) {
        while nextRow < row {
            if pendingRows == 0, try !loadPage(endingAfter: row, &decompressor) { return }
            let rows = isLastRowComplete ? pendingRows : pendingRows - 1
            if rows > 0 {
                if nextRow < row { try drop(rows: min(rows, row - nextRow)) }
            } else if pendingRows > 0, try !loadPage(endingAfter: nextRow, &decompressor) {
                return
            }
        }
    }

    /// Checks, when the last row of the row group has been handed out, that no more are left.
    func checkEnd() throws(ParquetError) {
        guard pendingRows == 0, !isWhole || slotsRead == slotCount else {
            throw ParquetError(.malformed, "it has more than the \(nextRow) rows of its row group")
                .adding(column: column, offset: segments.last.map { $0.bufferOffset + position } ?? 0)
        }
    }

    // MARK: Handing out

    /// The next `rows` rows, of which so many must be available.
    mutating func take(rows: Int) throws(ParquetError) -> ColumnData {
        guard let page = pending else { return ColumnData(try .empty(of: column.type)) }
        if rows == pendingRows, slot == 0 {
            clear()
            nextRow += rows
            return ColumnData(
                page.values,
                definitionLevels: page.valueCount == page.slotCount ? nil : page.definition?.array(),
                repetitionLevels: page.repetition?.array()
            )
        }
        let (slots, values) = extent(of: rows, in: page)
        let data = ColumnData(
            page.values.slice(values),
            definitionLevels: values.count == slots.count ? nil : page.definition?.slice(slots),
            repetitionLevels: page.repetition?.slice(slots)
        )
        move(past: slots, values, rows: rows, in: page)
        return data
    }

    private mutating func drop(rows: Int) throws(ParquetError) {
        guard let page = pending else { return }
        let (slots, values) = extent(of: rows, in: page)
        move(past: slots, values, rows: rows, in: page)
    }

    private mutating func move(past slots: Range<Int>, _ values: Range<Int>, rows: Int, in page: DecodedPage) {
        slot = slots.upperBound
        value = values.upperBound
        pendingRows -= rows
        nextRow += rows
        if slot == page.slotCount { clear() }
    }

    private mutating func clear() {
        pending = nil
        slot = 0
        value = 0
        pendingRows = 0
        isLastRowComplete = true
    }

    /// The slots and values of the next `rows` rows.
    private func extent(of rows: Int, in page: DecodedPage) -> (slots: Range<Int>, values: Range<Int>) {
        var end = slot
        if rows == pendingRows {
            end = page.slotCount
        } else if let levels = page.repetition?.values {
            // The slot `slot` begins a row; the extent ends where the row behind the last one begins.
            var begun = 0
            while end < levels.count {
                if levels[end] == 0 {
                    if begun == rows { break }
                    begun += 1
                }
                end += 1
            }
        } else {
            end = slot + rows
        }
        let present: Int
        if let definition = page.definition {
            present = definition.slice(slot..<end, count: UInt8(column.maximumDefinitionLevel))
        } else {
            present = end - slot
        }
        return (slot..<end, value..<(value + present))
    }

    // MARK: Loading

    /// Decodes the next data page that ends behind row `target`; `false` at the end of the chunk.
    private mutating func loadPage(
        endingAfter target: Int,
        _ decompressor: inout Decompressor
    ) throws(ParquetError) -> Bool {
        while segment < segments.count {
            let current = segments[segment]
            guard position < current.range.upperBound, !isWhole || slotsRead < slotCount else {
                segment += 1
                if segment < segments.count { position = segments[segment].range.lowerBound }
                continue
            }
            let offset = current.bufferOffset + position
            do throws(ParquetError) {
                if try readPage(current, target, &decompressor) { return true }
            } catch {
                throw error.adding(column: column, offset: offset)
            }
        }
        if isWhole, slotsRead != slotCount {
            throw ParquetError(.malformed, "its pages have \(slotsRead) slots, its metadata says \(slotCount)")
                .adding(column: column, offset: segments.last.map { $0.bufferOffset + $0.range.upperBound } ?? 0)
        }
        return false
    }

    /// Reads one page of any kind; `true` when `pending` grew.
    private mutating func readPage(
        _ current: Segment,
        _ target: Int,
        _ decompressor: inout Decompressor
    ) throws(ParquetError) -> Bool {
        let (header, headerByteCount) = try PageHeader.parse(
            current.buffer,
            at: position,
            fileOffset: current.bufferOffset
        )
        let start = position + headerByteCount
        guard start <= current.range.upperBound, header.compressedByteCount <= current.range.upperBound - start else {
            throw ParquetError(
                .malformed,
                "a page of \(header.compressedByteCount) bytes reaches over the end of its column chunk"
            )
        }
        position = start + header.compressedByteCount
        let source = PageDecoder.Source(
            buffer: current.buffer,
            range: start..<position,
            fileOffset: current.bufferOffset + start
        )
        switch header.kind {
        case .dictionary(let page):
            guard dictionary == nil, slotsRead == 0 else {
                throw ParquetError(.malformed, "a second dictionary page, or one behind data pages")
            }
            try decoder.verify(source, header)
            dictionary = try decoder.dictionary(source, header, page, &decompressor)
            return false
        case .data(let page):
            try count(slots: page.valueCount)
            if column.maximumRepetitionLevel == 0, skip(page.valueCount, target, current) { return false }
            try decoder.verify(source, header)
            let decoded = try decoder.data(source, header, page, dictionary: dictionary, &decompressor)
            try add(decoded, startsRow: current.rows != nil, current)
            return true
        case .dataV2(let page):
            try count(slots: page.valueCount)
            let rows = column.maximumRepetitionLevel == 0 ? page.valueCount : page.rowCount
            if skip(rows, target, current) { return false }
            try decoder.verify(source, header)
            let decoded = try decoder.dataV2(source, header, page, dictionary: dictionary, &decompressor)
            try add(decoded, startsRow: true, current)
            return true
        case .index, .unknown:
            return false
        }
    }

    private mutating func count(slots: Int) throws(ParquetError) {
        slotsRead += slots
        guard !isWhole || slotsRead <= slotCount else {
            throw ParquetError(.malformed, "its pages have more slots than the \(slotCount) its metadata gives")
        }
    }

    /// Whether a page of `rows` rows lies before what is wanted; if so it counts as handed out.
    private mutating func skip(_ rows: Int, _ target: Int, _ current: Segment) -> Bool {
        guard nextRow + rows <= target, rows > 0, pendingRows == 0, current.rows == nil else { return false }
        nextRow += rows
        return true
    }

    /// Adds a decoded page to what is pending.
    private mutating func add(_ page: DecodedPage, startsRow: Bool, _ current: Segment) throws(ParquetError) {
        if let rows = current.rows {
            guard page.rowCount == rows.count else {
                throw ParquetError(.malformed, "a page has \(page.rowCount) rows, the offset index says \(rows.count)")
            }
            if pending == nil { nextRow = rows.lowerBound }
        }
        if page.slotCount == 0 { return }
        if page.continuesRow, startsRow || pending == nil {
            throw ParquetError(.malformed, "a page begins inside a row, but no row is open")
        }
        if pending == nil {
            pending = page
        } else {
            try checkRowSize(with: page)
            dropHandedOut()
            // The pages are moved out and back in, so that they grow in place.
            var grown = pending
            pending = nil
            try grown?.append(page)
            pending = grown
        }
        pendingRows += page.rowCount
        // In a page of version 1 the last row may go on in the next page.
        isLastRowComplete = column.maximumRepetitionLevel == 0 || startsRow || (isWhole && slotsRead == slotCount)
    }

    private func checkRowSize(with page: DecodedPage) throws(ParquetError) {
        let limit = decoder.limits.maximumPageBytes
        let slots = (pending?.slotCount ?? 0) - slot + page.slotCount
        // 12 bytes is the widest of all values.
        guard slots <= limit, (pending?.valueCount ?? 0) - value + page.valueCount <= limit / 12 else {
            throw ParquetError(.limitExceeded, "a row over several pages takes more than the \(limit) bytes allowed")
        }
    }

    /// Frees the part of `pending` that has been handed out.
    private mutating func dropHandedOut() {
        guard slot > 0, let page = pending else { return }
        pending = DecodedPage(
            values: page.values.slice(value..<page.valueCount),
            valueCount: page.valueCount - value,
            definition: page.definition?.dropping(slot),
            repetition: page.repetition?.dropping(slot),
            slotCount: page.slotCount - slot,
            rowCount: pendingRows
        )
        slot = 0
        value = 0
    }
}

extension Levels {
    /// The levels of some slots as an array.
    fileprivate func slice(_ slots: Range<Int>) -> [UInt8] {
        if let values { Array(values[slots]) } else { [UInt8](repeating: uniform, count: slots.count) }
    }

    /// How many of some slots have a level.
    fileprivate func slice(_ slots: Range<Int>, count level: UInt8) -> Int {
        guard let values else { return level == uniform ? slots.count : 0 }
        var found = 0
        for value in values[slots] where value == level { found &+= 1 }
        return found
    }

    /// The levels without the first few.
    fileprivate func dropping(_ slots: Int) -> Levels {
        Levels(values: values.map { Array($0[slots...]) }, uniform: uniform, count: count - slots)
    }
}
