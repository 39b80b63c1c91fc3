import Testing

@testable import Parquet

/// Files made by hand whose headers lie.
@Suite struct HostileFileTests {
    /// A page: its header, and the bytes that stand behind it.
    struct Page: Sendable {
        var header: PageHeader
        var bytes: [UInt8]

        static func data(
            _ bytes: [UInt8],
            count: Int,
            encoding: Encoding = .plain,
            compressed: Int? = nil,
            uncompressed: Int? = nil
        ) -> Page {
            let page = PageHeader.DataPage(
                valueCount: count,
                encoding: encoding,
                definitionLevelEncoding: .rle,
                repetitionLevelEncoding: .rle
            )
            let header = PageHeader(
                kind: .data(page),
                uncompressedByteCount: uncompressed ?? bytes.count,
                compressedByteCount: compressed ?? bytes.count
            )
            return Page(header: header, bytes: bytes)
        }

        static func dataV2(_ bytes: [UInt8], count: Int, rows: Int, definition: Int, repetition: Int) -> Page {
            let page = PageHeader.DataPageV2(
                valueCount: count,
                nullCount: 0,
                rowCount: rows,
                encoding: .plain,
                definitionLevelsByteCount: definition,
                repetitionLevelsByteCount: repetition,
                isCompressed: false
            )
            let header = PageHeader(
                kind: .dataV2(page),
                uncompressedByteCount: bytes.count,
                compressedByteCount: bytes.count
            )
            return Page(header: header, bytes: bytes)
        }

        static func dictionary(_ bytes: [UInt8], count: Int) -> Page {
            let page = PageHeader.DictionaryPage(valueCount: count, encoding: .plain, isSorted: false)
            let header = PageHeader(
                kind: .dictionary(page),
                uncompressedByteCount: bytes.count,
                compressedByteCount: bytes.count
            )
            return Page(header: header, bytes: bytes)
        }
    }

    /// A file of one column chunk.
    static func file(
        _ field: Field,
        _ pages: [Page],
        rows: Int,
        slots: Int? = nil,
        codec: CompressionCodec = .uncompressed,
        change: (inout ColumnChunkMetadata) -> Void = { _ in }
    ) -> [UInt8] {
        var bytes = FileTail.magic
        for page in pages {
            var writer = CompactWriter()
            page.header.write(to: &writer)
            bytes += writer.bytes.copy() + page.bytes
        }
        let schema = Schema([field])
        var chunk = ColumnChunkMetadata()
        chunk.codec = codec
        chunk.valueCount = slots ?? rows
        chunk.dataPageOffset = 4
        chunk.compressedByteCount = bytes.count - 4
        chunk.uncompressedByteCount = bytes.count - 4
        change(&chunk)
        let group = RowGroupMetadata(columns: [chunk], uncompressedByteCount: 0, rowCount: rows)
        let footer = FileMetadata(schema: schema, rowCount: rows, rowGroups: [group]).encode()
        let length = (0..<4).map { UInt8(truncatingIfNeeded: footer.count >> (8 * $0)) }
        return bytes + footer + length + FileTail.magic
    }

    static let limits = ReadLimits(maximumPageBytes: 1 << 16)

    private static func rows(_ bytes: [UInt8]) throws -> Int {
        let file = try ParquetFile(bytes: bytes, limits: limits)
        var decoder = try file.decoder(file.plan(rowGroup: 0))
        var rows = 0
        while let batch = try decoder.next() { rows += batch.rowCount }
        return rows
    }

    private static let number = Field.leaf("n", .int32)
    private static let some = Field.leaf("n", .int32, nil, .optional)
    private static let many = Field.leaf("n", .int32, nil, .repeated)
    private static let four: [UInt8] = [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]
    /// 2³¹ - 1 slots of level 0 in one run: header 2³² - 2, value.
    private static let manyNulls: [UInt8] = [6, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0]

    @Test("the files of this suite are right where they do not lie")
    func honestFilesAreRead() throws {
        #expect(try Self.rows(Self.file(Self.number, [.data(Self.four, count: 4)], rows: 4)) == 4)
        let indexed: [Page] = [.dictionary(Self.four, count: 4), .data([2, 8, 3], count: 4, encoding: .rleDictionary)]
        #expect(try Self.rows(Self.file(Self.number, indexed, rows: 4)) == 4)
        // Three slots: two rows of which the first goes on in the second page.
        let first: [UInt8] = [2, 0, 0, 0, 2, 0] + [2, 0, 0, 0, 2, 1] + [1, 0, 0, 0]
        let second: [UInt8] = [2, 0, 0, 0, 3, 0b01] + [2, 0, 0, 0, 4, 1] + [2, 0, 0, 0, 3, 0, 0, 0]
        let pages: [Page] = [.data(first, count: 1), .data(second, count: 2)]
        #expect(try Self.rows(Self.file(Self.many, pages, rows: 2, slots: 3)) == 2)
        // Numbers and views into an uncompressed page need no copy of it.
        let text = Field.leaf("t", .byteArray)
        #expect(try Self.rows(Self.file(text, [.data([1, 0, 0, 0, 65, 0, 0, 0, 0], count: 2)], rows: 2)) == 2)
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var code: ParquetError.Code

        init(_ name: String, _ bytes: [UInt8], _ code: ParquetError.Code = .malformed) {
            testDescription = name
            self.bytes = bytes
            self.code = code
        }
    }

    static let lies: [Lie] = [
        Lie("a page with more values than bytes", file(number, [.data(four, count: 5)], rows: 5)),
        Lie("more slots than the chunk has", file(number, [.data(four, count: 4)], rows: 3)),
        Lie("fewer slots than the chunk has", file(number, [.data(four, count: 4)], rows: 5)),
        Lie("fewer rows than slots", file(number, [.data(four, count: 4)], rows: 3, slots: 4)),
        Lie("more rows than slots", file(number, [.data(four, count: 4)], rows: 5, slots: 4)),
        Lie("a page longer than its chunk", file(number, [.data(four, count: 4, compressed: 17)], rows: 4)),
        Lie("an uncompressed page of two lengths", file(number, [.data(four, count: 4, uncompressed: 20)], rows: 4)),
        Lie(
            "a page that expands beyond the limit",
            file(number, [.data(four, count: 4, uncompressed: 1 << 30)], rows: 4, codec: .zstd),
            .limitExceeded
        ),
        Lie("a compressed page that is no frame", file(number, [.data(four, count: 4)], rows: 4, codec: .zstd)),
        Lie("a page of a billion nulls", file(some, [.data(manyNulls, count: 1 << 30)], rows: 1 << 30), .limitExceeded),
        Lie(
            "a billion equal values in a few bytes",
            file(
                number,
                [
                    .dictionary(four, count: 4),
                    .data([0, 0xfe, 0xff, 0xff, 0xff, 0x0f], count: 65_000, encoding: .rleDictionary),
                ],
                rows: 65_000
            ),
            .limitExceeded
        ),
        Lie(
            "a dictionary that claims too much",
            file(number, [.dictionary(four, count: 5), .data(four, count: 4)], rows: 4)
        ),
        Lie(
            "two dictionaries",
            file(number, [.dictionary(four, count: 4), .dictionary(four, count: 4), .data(four, count: 4)], rows: 4)
        ),
        Lie(
            "indices without a dictionary",
            file(number, [.data([2, 8, 3], count: 4, encoding: .rleDictionary)], rows: 4)
        ),
        Lie(
            "an index behind the dictionary",
            file(number, [.dictionary(four, count: 3), .data([2, 8, 3], count: 4, encoding: .rleDictionary)], rows: 4)
        ),
        Lie(
            "an encoding that the type cannot have",
            file(number, [.data(four, count: 4, encoding: .deltaByteArray)], rows: 4)
        ),
        Lie(
            "an encoding nobody knows",
            file(number, [.data(four, count: 4, encoding: Encoding(rawValue: 77))], rows: 4),
            .unsupported
        ),
        Lie("levels longer than their page", file(some, [.data([200, 0, 0, 0, 8, 1] + four, count: 4)], rows: 4)),
        Lie("levels of negative length", file(some, [.data([0xff, 0xff, 0xff, 0xff] + four, count: 4)], rows: 4)),
        Lie(
            "levels of version 2 longer than their page",
            file(some, [.dataV2([8, 1] + four, count: 4, rows: 4, definition: 200, repetition: 0)], rows: 4)
        ),
        Lie(
            "a row that begins nowhere",
            file(many, [.data([2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 2, 1] + four, count: 1)], rows: 1)
        ),
        Lie(
            "a row that goes on in a page of version 2",
            file(
                many,
                [
                    .dataV2([2, 0, 2, 1, 1, 0, 0, 0], count: 1, rows: 1, definition: 2, repetition: 2),
                    .dataV2([2, 1, 2, 1, 1, 0, 0, 0], count: 1, rows: 0, definition: 2, repetition: 2),
                ],
                rows: 1,
                slots: 2
            )
        ),
        Lie(
            "another number of rows than the header of version 2 says",
            file(many, [.dataV2([2, 0, 2, 1, 1, 0, 0, 0], count: 1, rows: 2, definition: 2, repetition: 2)], rows: 1)
        ),
        Lie(
            "a chunk behind the end of the file",
            file(number, [.data(four, count: 4)], rows: 4) { $0.dataPageOffset = 1 << 40 }
        ),
        Lie(
            "a chunk whose end overflows",
            file(number, [.data(four, count: 4)], rows: 4) {
                $0.dataPageOffset = Int.max - 3
                $0.compressedByteCount = 20
            }
        ),
        Lie("a chunk without bytes", file(number, [], rows: 4)),
        Lie(
            "pages of nothing without end",
            file(number, Array(repeating: .data([], count: 0), count: 200), rows: 4)
        ),
    ]

    @Test("a file that lies ends in an error", arguments: lies)
    func lieEndsInAnError(_ lie: Lie) {
        let error = #expect(throws: ParquetError.self) { try Self.rows(lie.bytes) }
        // A type that cannot have an encoding is no damage: it is not supported.
        let expected = lie.testDescription.hasPrefix("an encoding") ? .unsupported : lie.code
        #expect(error?.code == expected, "\(error.map(String.init(describing:)) ?? "none")")
    }

    @Test("after an error every further call ends in it")
    func errorStays() throws {
        let good = Page.data(Self.four, count: 4)
        let file = try ParquetFile(bytes: Self.file(Self.number, [good, .data([1], count: 4)], rows: 8))
        var decoder = try file.decoder(file.plan(rowGroup: 0))
        #expect(try decoder.next()?.rowCount == 4)
        for _ in 0..<3 { #expect(throws: ParquetError(.malformed, "")) { try decoder.next() } }
    }

    @Test("an offset index that lies ends in an error")
    func lyingOffsetIndexEndsInAnError() throws {
        let pages = [Page.data(Self.four, count: 4), .data(Self.four, count: 4)]
        let bytes = Self.file(Self.number, pages, rows: 8)
        let file = try ParquetFile(bytes: bytes)
        let length = (file.metadata.rowGroups[0].columns[0].compressedByteCount) / 2
        func read(_ pages: [OffsetIndex.Page], rows: Range<Int> = 3..<6) throws -> Int {
            let indexes = [0: OffsetIndex(pages: pages)]
            var decoder = try file.decoder(file.plan(rowGroup: 0, rows: rows, offsetIndexes: indexes))
            var count = 0
            while let batch = try decoder.next() { count += batch.rowCount }
            return count
        }
        typealias Location = OffsetIndex.Page
        let first = Location(offset: 4, compressedByteCount: length, firstRow: 0)
        let second = Location(offset: 4 + length, compressedByteCount: length, firstRow: 4)
        #expect(try read([first, second]) == 3)
        let wrong: [[Location]] = [
            [], [first], [second], [first, Location(offset: 4 + length, compressedByteCount: length, firstRow: 3)],
            [first, Location(offset: 1 << 40, compressedByteCount: length, firstRow: 4)],
            [first, Location(offset: 4 + length, compressedByteCount: .max, firstRow: 4)],
            [first, Location(offset: -4, compressedByteCount: length, firstRow: 4)],
            [first, Location(offset: 5 + length, compressedByteCount: length - 1, firstRow: 4)],
            [first, Location(offset: 4 + length, compressedByteCount: length, firstRow: 9)],
            [first, Location(offset: 4 + length, compressedByteCount: length, firstRow: .max)],
        ]
        for pages in wrong { #expect(throws: ParquetError(.malformed, ""), "\(pages)") { try read(pages) } }
        #expect(throws: ParquetError(.invalidArgument, "")) { try file.plan(rowGroup: 0, rows: 3..<9) }
        #expect(throws: ParquetError(.invalidArgument, "")) { try file.plan(rowGroup: 1) }
        #expect(throws: ParquetError(.invalidArgument, "")) { try file.plan(rowGroup: 0, columns: [1]) }
        #expect(throws: ParquetError(.invalidArgument, "")) { try file.decoder(file.plan(rowGroup: 0), bytes: [[1]]) }
    }

    @Test("a flat column is spaced out with a null for each null")
    func flatColumnIsSpacedOut() throws {
        let values = ByteArrays(
            buffers: [[65, 66]],
            views: [ByteView(buffer: 0, offset: 0, length: 1), ByteView(buffer: 0, offset: 1, length: 1)]
        )
        let spaced = try ColumnData(.bytes(values), definitionLevels: [0, 1, 0, 0, 1]).spaced()
        #expect((0..<5).map { spaced[$0] } == [nil, [65], nil, nil, [66]])
        #expect(try ColumnData(.bytes(values)).spaced().views == values.views)
        let nulls = try ColumnData(.bytes(ByteArrays()), definitionLevels: [0, 0, 0]).spaced()
        #expect(nulls.views.allSatisfy(\.isNull) && nulls.count == 3)
        #expect(throws: ParquetError(.invalidArgument, "")) { try ColumnData(.int32([1])).spaced() }
        #expect(throws: ParquetError(.invalidArgument, "")) {
            try ColumnData(.bytes(values), repetitionLevels: [0, 1]).spaced()
        }
    }
}
