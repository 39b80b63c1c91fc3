internal import CDeflate

/// Writes the pages of one column chunk.
struct ChunkWriter {
    /// The chunk and what the file's end will say of its pages.
    struct Result {
        var metadata: ColumnChunkMetadata
        var pages: [PageSummary]
        var bloomFilter: BloomFilter?
    }

    /// What is remembered of a data page.
    struct PageSummary {
        var location: OffsetIndex.Page
        var bounds: ValueBounds?
        var valueCount: Int
        var nullCount: Int
        var payloadBytes: Int
    }

    /// A page shorter than this is not worth a compressor's call: a frame alone takes some ten bytes.
    private static var shortestCompressed: Int { 64 }

    let plan: ColumnPlan
    let data: ColumnData
    let shape: ColumnShape
    let scratch: WriterScratch
    /// The file offset of the first byte of the output.
    let outputOffset: Int

    private var metadata = ColumnChunkMetadata()
    private var pages: [PageSummary] = []
    private var usesDictionary = false
    private var usesDelta = false
    /// `nil` until the first page has shown whether compression saves anything.
    private var compresses: Bool?

    init(
        plan: ColumnPlan,
        data: ColumnData,
        shape: ColumnShape,
        scratch: WriterScratch,
        outputOffset: Int
    ) {
        self.plan = plan
        self.data = data
        self.shape = shape
        self.scratch = scratch
        self.outputOffset = outputOffset
    }

    /// Adds all pages to the output of the scratch space.
    mutating func write(_ compressor: inout Compressor) throws(ParquetError) -> Result {
        switch data.values {
        case .boolean(let values): return try write(BooleanSource(values), &compressor)
        case .int32(let values):
            return try unsafe values.withUnsafeBufferPointer { values throws(ParquetError) in
                try write(unsafe FixedWidthSource(values), &compressor)
            }
        case .int64(let values):
            return try unsafe values.withUnsafeBufferPointer { values throws(ParquetError) in
                try write(unsafe FixedWidthSource(values), &compressor)
            }
        case .float(let values):
            return try unsafe values.withUnsafeBufferPointer { values throws(ParquetError) in
                try write(unsafe FixedWidthSource(values), &compressor)
            }
        case .double(let values):
            return try unsafe values.withUnsafeBufferPointer { values throws(ParquetError) in
                try write(unsafe FixedWidthSource(values), &compressor)
            }
        case .bytes(let values):
            let source = ByteArraySource(values, fixedLength: plan.fixedLength, payloadBytes: shape.payloadBytes)
            return try write(source, &compressor)
        }
    }

    private mutating func write(
        _ source: some ValueSource,
        _ compressor: inout Compressor
    ) throws(ParquetError) -> Result {
        chooseEncoding(source)
        var position = PagePosition()
        repeat {
            let end = pageEnd(source, from: position)
            try writePage(source, position, end, to: &scratch.output, &compressor)
            position = end
        } while position.slot < shape.slotCount
        return Result(metadata: finishedMetadata(), pages: pages, bloomFilter: bloomFilter(source))
    }

    // MARK: Encoding

    /// Too few values to learn anything from, or to gain anything.
    private static var fewestValues: Int { 32 }

    private mutating func chooseEncoding(_ source: some ValueSource) {
        switch plan.options.encoding {
        case .plain: break
        case .deltaBinaryPacked: usesDelta = true
        case .automatic:
            guard source.count >= Self.fewestValues else { break }
            usesDictionary =
                plan.options.dictionary
                && source.fill(&scratch.dictionary, byteLimit: plan.options.dictionaryByteLimit)
            if usesDictionary { break }
            // A trial on the first values; what they gain the others will.
            scratch.page.removeAll()
            let sample = 0..<min(source.count, 1024)
            usesDelta =
                source.appendDelta(sample, to: &scratch.page)
                && scratch.page.count < sample.count * source.plainByteCount(at: 0)
        }
    }

    // MARK: Pages

    /// A place between rows.
    private struct PagePosition {
        var slot = 0
        var value = 0
        var row = 0
    }

    /// The last position of the page that starts at `start`.
    private func pageEnd(_ source: some ValueSource, from start: PagePosition) -> PagePosition {
        if data.repetitionLevels == nil && shape.valueCount == shape.slotCount {
            let limit =
                shape.slotCount - start.slot > plan.pages.rowCount
                ? start.slot + plan.pages.rowCount : shape.slotCount
            let end =
                usesDictionary
                ? min(limit, start.slot + max(1, plan.pages.byteCount / 4))
                : source.pageEnd(from: start.value, limit: limit, byteCount: plan.pages.byteCount)
            return PagePosition(slot: end, value: end, row: end)
        }
        var end = start
        var byteCount = 0
        while end.slot < shape.slotCount {
            // A page starts with a row, so it can only end before one.
            if data.repetitionLevels.map({ $0[end.slot] == 0 }) ?? true {
                let isFull = end.row - start.row == plan.pages.rowCount || byteCount >= plan.pages.byteCount
                if isFull && end.row > start.row { break }
                end.row += 1
            }
            if data.definitionLevels.map({ Int($0[end.slot]) == plan.column.maximumDefinitionLevel }) ?? true {
                byteCount += usesDictionary ? 4 : source.plainByteCount(at: end.value)
                end.value += 1
            }
            end.slot += 1
        }
        return end
    }

    private mutating func writePage(
        _ source: some ValueSource,
        _ start: PagePosition,
        _ end: PagePosition,
        to output: inout CompactWriter,
        _ compressor: inout Compressor
    ) throws(ParquetError) {
        let slots = start.slot..<end.slot
        let values = start.value..<end.value
        scratch.page.removeAll()
        appendLevels(data.repetitionLevels, slots, maximum: plan.column.maximumRepetitionLevel, ifAbsent: 0)
        let maximum = plan.column.maximumDefinitionLevel
        appendLevels(data.definitionLevels, slots, maximum: maximum, ifAbsent: UInt8(maximum))
        let levelBytes = scratch.page.count
        if usesDictionary {
            appendIndices(values)
        } else if !usesDelta || !source.appendDelta(values, to: &scratch.page) {
            source.appendPlain(values, to: &scratch.page)
        }
        if compresses == nil { try decideCompression(&compressor, &output) } else { try compressPage(&compressor) }
        let offset = outputOffset + output.bytes.count
        let encoding: Encoding = usesDictionary ? .rleDictionary : usesDelta ? .deltaBinaryPacked : .plain
        let kind = PageHeader.Kind.data(
            PageHeader.DataPage(
                valueCount: slots.count,
                encoding: encoding,
                definitionLevelEncoding: .rle,
                repetitionLevelEncoding: .rle
            )
        )
        try unsafe emit(
            kind,
            byteCount: scratch.page.count,
            compresses == true ? scratch.compressed.bytes : scratch.page.bytes,
            to: &output
        )
        if metadata.dataPageOffset == 0 { metadata.dataPageOffset = offset }
        metadata.valueCount += slots.count
        let plainBytes = usesDictionary || usesDelta ? 0 : scratch.page.count - levelBytes
        pages.append(
            PageSummary(
                location: OffsetIndex.Page(
                    offset: offset,
                    compressedByteCount: outputOffset + output.bytes.count - offset,
                    firstRow: start.row
                ),
                bounds: plan.order.flatMap { source.bounds(boundedBy(values), $0) },
                valueCount: values.count,
                nullCount: slots.count - values.count,
                payloadBytes: payloadBytes(source, values, plainBytes: plainBytes)
            )
        )
    }

    /// The values whose bounds are those of `values`: one of them where the dictionary says all are alike.
    private func boundedBy(_ values: Range<Int>) -> Range<Int> {
        usesDictionary && scratch.dictionary.distinctCount == 1 ? values.prefix(1) : values
    }

    /// The bytes of the values of a BYTE_ARRAY page, as `parquet.thrift` counts them for SizeStatistics.
    private func payloadBytes(_ source: some ValueSource, _ values: Range<Int>, plainBytes: Int) -> Int {
        guard plan.column.type == .byteArray else { return 0 }
        if !usesDictionary { return plainBytes - 4 * values.count }
        return values.reduce(0) { $0 + source.plainByteCount(at: $1) - 4 }
    }

    private func appendLevels(_ levels: [UInt8]?, _ range: Range<Int>, maximum: Int, ifAbsent: UInt8) {
        if maximum == 0 { return }
        let start = scratch.page.count
        let width = BitPackingEncoder.width(of: UInt64(maximum))
        scratch.page.append(UInt32(0))
        if let levels {
            unsafe levels.withUnsafeBufferPointer { levels in
                unsafe HybridEncoder.append(
                    UnsafeBufferPointer(rebasing: levels[range]),
                    width: width,
                    to: &scratch.page
                )
            }
        } else {
            HybridEncoder.appendRun(of: UInt64(ifAbsent), count: range.count, width, to: &scratch.page)
        }
        scratch.page.replace(UInt32(truncatingIfNeeded: scratch.page.count - start - 4), at: start)
    }

    private func appendIndices(_ range: Range<Int>) {
        let width = scratch.dictionary.indexWidth
        scratch.page.append(UInt8(truncatingIfNeeded: width))
        unsafe scratch.dictionary.indices.withUnsafeBufferPointer { indices in
            unsafe HybridEncoder.append(
                UnsafeBufferPointer(rebasing: indices[range]),
                width: width,
                to: &scratch.page
            )
        }
    }

    // MARK: Compression

    private func compressPage(_ compressor: inout Compressor) throws(ParquetError) {
        guard compresses == true else { return }
        scratch.compressed.removeAll()
        try unsafe scratch.compressed.append(upTo: compressor.bound(scratch.page.count)) {
            target throws(ParquetError) in
            try unsafe compressor.compress(
                scratch.page.bytes,
                into: UnsafeMutableRawBufferPointer(start: target, count: compressor.bound(scratch.page.count))
            )
        }
    }

    /// Tries the first page, and the dictionary where there is one, and writes the dictionary page.
    private mutating func decideCompression(
        _ compressor: inout Compressor,
        _ output: inout CompactWriter
    ) throws(ParquetError) {
        let plainDictionary = usesDictionary ? scratch.dictionary.page.count : 0
        let plain = scratch.page.count + plainDictionary
        compresses = compressor.name != .uncompressed && plain >= Self.shortestCompressed
        try compressPage(&compressor)
        scratch.compressedDictionary.removeAll()
        if usesDictionary && compresses == true {
            let bound = compressor.bound(plainDictionary)
            try unsafe scratch.compressedDictionary.append(upTo: bound) { target throws(ParquetError) in
                try unsafe compressor.compress(
                    scratch.dictionary.page.bytes,
                    into: UnsafeMutableRawBufferPointer(start: target, count: bound)
                )
            }
        }
        if compresses == true {
            compresses = (scratch.compressed.count + scratch.compressedDictionary.count) * 100 < plain * 97
        }
        metadata.codec = compresses == true ? compressor.name : .uncompressed
        guard usesDictionary else { return }
        metadata.dictionaryPageOffset = outputOffset + output.bytes.count
        let header = PageHeader.DictionaryPage(
            valueCount: scratch.dictionary.distinctCount,
            encoding: .plain,
            isSorted: false
        )
        try unsafe emit(
            .dictionary(header),
            byteCount: plainDictionary,
            compresses == true ? scratch.compressedDictionary.bytes : scratch.dictionary.page.bytes,
            to: &output
        )
    }

    /// Adds header and bytes of a page.
    private mutating func emit(
        _ kind: PageHeader.Kind,
        byteCount: Int,
        _ bytes: UnsafeRawBufferPointer,
        to output: inout CompactWriter
    ) throws(ParquetError) {
        guard byteCount <= Int(Int32.max), bytes.count <= Int(Int32.max) else {
            throw ParquetError(
                .limitExceeded,
                "column \(plan.column.name): one row makes a page of \(byteCount) bytes, the format ends at 2 GiB"
            )
        }
        let header = PageHeader(
            kind: kind,
            uncompressedByteCount: byteCount,
            compressedByteCount: bytes.count,
            crc: plan.pages.checksums ? unsafe libdeflate_crc32(0, bytes.baseAddress, bytes.count) : nil
        )
        let start = output.bytes.count
        header.write(to: &output)
        let headerBytes = output.bytes.count - start
        unsafe output.bytes.append(bytes)
        metadata.uncompressedByteCount += headerBytes + byteCount
        metadata.compressedByteCount += headerBytes + bytes.count
    }

    // MARK: Metadata

    private static let plainEncodings: [Encoding] = [.plain, .rle]
    private static let deltaEncodings: [Encoding] = [.deltaBinaryPacked, .rle]
    private static let dictionaryEncodings: [Encoding] = [.plain, .rle, .rleDictionary]

    private func finishedMetadata() -> ColumnChunkMetadata {
        var metadata = metadata
        metadata.encodings =
            usesDictionary ? Self.dictionaryEncodings : usesDelta ? Self.deltaEncodings : Self.plainEncodings
        if usesDictionary {
            metadata.encodingCounts = [
                .init(pageType: 2, encoding: .plain, pageCount: 1),
                .init(pageType: 0, encoding: .rleDictionary, pageCount: pages.count),
            ]
        }
        if plan.options.statistics { metadata.statistics = statistics() }
        return metadata
    }

    private func statistics() -> Statistics {
        var statistics = Statistics()
        statistics.nullCount = shape.slotCount - shape.valueCount
        guard let order = plan.order else { return statistics }
        var bounds: ValueBounds?
        for page in pages {
            guard let more = page.bounds else { continue }
            if bounds == nil { bounds = more } else { bounds?.formUnion(more, order) }
        }
        guard let bounds else { return statistics }
        statistics.minimum = bounds.lowerBound(isText: plan.isText)
        statistics.maximum = bounds.upperBound(isText: plan.isText)
        if plan.column.type == .byteArray {
            statistics.isMinimumExact = bounds.isMinimumExact
            if statistics.maximum != nil { statistics.isMaximumExact = bounds.isMaximumExact }
        }
        return statistics
    }

    private func bloomFilter(_ source: some ValueSource) -> BloomFilter? {
        guard let settings = plan.options.bloomFilter, shape.rowCount >= settings.minimumRowCount, source.count > 0
        else { return nil }
        let distinct = usesDictionary ? scratch.dictionary.distinctCount : source.count
        var filter = BloomFilter(distinctCount: distinct, falsePositiveRate: settings.falsePositiveRate)
        source.insert(into: &filter)
        return filter
    }
}
