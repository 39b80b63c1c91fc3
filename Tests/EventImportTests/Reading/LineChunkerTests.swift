import Testing

@testable import EventImport

@Suite("Inputs are cut into blocks of whole lines")
struct LineChunkerTests {
    private func blocks(
        _ bytes: [UInt8],
        blockLength: Int = 4 << 20,
        maximumLineLength: Int = 64 << 20
    ) throws -> [LineBlock] {
        let file = try TemporaryFile(bytes)
        var chunker = LineChunker(
            try InputSource(path: file.path),
            blockLength: blockLength,
            maximumLineLength: maximumLineLength
        )
        var blocks: [LineBlock] = []
        while let block = try chunker.next() { blocks.append(block) }
        return blocks
    }

    @Test("every block length gives the same lines", arguments: ["\n", "\r\n"], ["", "\n"])
    func cutsAnywhere(lineEnd: String, lastEnd: String) throws {
        let lines = (1...12).map { "{\"id\":\"\($0)\",\"x\":\"\(String(repeating: "é", count: $0 * 3))\"}" }
        let text = Array((lines.joined(separator: lineEnd) + lastEnd).utf8)
        let parser = try parser(.id)
        for length in 16...(text.count + 2) {
            let blocks = try blocks(text, blockLength: length)
            #expect(Array(blocks.map { Array($0.lines) }.joined()) == text)
            #expect(blocks.map(\.lineCount).reduce(0, +) == 12)
            let parsed = blocks.map(parser.parse)
            #expect(parsed.flatMap(\.payloadTexts) == lines)
            #expect(parsed.flatMap { block in (0..<block.count).map(block.lineNumber(ofEvent:)) } == Array(1...12))
            #expect(blocks.last?.inputBytes == text.count)
            for block in blocks {
                #expect(block.bytes.suffix(LineBlock.padding).allSatisfy { $0 == 0 })
                #expect(block.byteCount > 0)
            }
        }
    }

    @Test("an empty input has no blocks")
    func readsNothing() throws {
        #expect(try blocks([]).isEmpty)
    }

    @Test("a byte order mark is dropped, and only before the first line")
    func dropsByteOrderMark() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        #expect(try blocks(mark).isEmpty)
        let read = try blocks(mark + Array("1\n".utf8) + mark + Array("2".utf8))
        #expect(read.map { Array($0.lines) } == [Array("1\n".utf8) + mark + Array("2".utf8)])
        #expect(read.first?.firstLineNumber == 1)
    }

    @Test("a line longer than a block is whole")
    func growsForLongLines() throws {
        let long = "\"" + String(repeating: "a", count: 100_000) + "\""
        let text = Array("1\n\(long)\n2\n".utf8)
        let read = try blocks(text, blockLength: 64)
        #expect(Array(read.map { Array($0.lines) }.joined()) == text)
        #expect(try read.flatMap { try parser(.none).parse($0).payloadTexts } == ["1", long, "2"])
    }

    @Test("a line longer than the limit is rejected, the others go on", arguments: [0, 1, 2, 3, 40, 1000, 100_000])
    func skipsOversizedLines(excess: Int) throws {
        let limit = 100
        let parser = try parser(.none, limits: LineLimits(lineLength: limit))
        for blockLength in [16, 50, 99, 100, 101, 102, 200, 5000] {
            for lineEnd in ["\n", "\r\n"] {
                for others in [["2", "3"], ["2"], []] {
                    let long = "\"" + String(repeating: "a", count: limit - 2 + excess) + "\""
                    let text = "1\(lineEnd)\(long)\(lineEnd)" + others.joined(separator: lineEnd)
                    let read = try blocks(Array(text.utf8), blockLength: blockLength, maximumLineLength: limit)
                    let parsed = read.map(parser.parse)
                    let payloads = parsed.flatMap(\.payloadTexts)
                    #expect(payloads == ["1"] + (excess == 0 ? [long] : []) + others, "\(blockLength)")
                    let numbers = parsed.flatMap { block in block.rejected.map { block.lineNumber(of: $0) } }
                    #expect(numbers == (excess == 0 ? [] : [2]))
                    for block in parsed where !block.rejected.isEmpty {
                        let reason = block.reason(of: block.rejected[0])
                        let lengths = [long.utf8.count, long.utf8.count + lineEnd.utf8.count - 1]
                        #expect(lengths.map { "line of \($0) bytes is longer than \(limit)" }.contains(reason))
                        if block.isCut { #expect(block.bytes(of: block.rejected[0]).count <= 1024) }
                    }
                    let last = parsed.last.map { block in block.block.firstLineNumber + block.block.lineCount }
                    #expect(last == 2 + 1 + others.count)
                }
            }
        }
    }

    @Test("a block has a bounded number of lines", arguments: ["", "x"])
    func boundsLines(last: String) throws {
        let count = 2 * LineChunker.maximumLines + 1000
        let text = Array((0..<count).map { "\($0 % 10)\n" }.joined().utf8) + Array(last.utf8)
        for blockLength in [1 << 20, 100_000, 150_000] {
            let read = try blocks(text, blockLength: blockLength)
            #expect(Array(read.map { Array($0.lines) }.joined()) == text)
            #expect(read.allSatisfy { $0.lineCount <= LineChunker.maximumLines + 1 })
            #expect(read.map(\.lineCount).reduce(0, +) == count + last.utf8.count)
            var next = 1
            for block in read {
                #expect(block.firstLineNumber == next)
                next += block.lineCount
            }
        }
    }

    @Test("many lines before a fault are all handed out")
    func keepsManyLinesBeforeFault() throws {
        let count = 3 * LineChunker.maximumLines
        let whole = Compressors.gzip([UInt8](repeating: 0x0A, count: count))
        let file = try TemporaryFile(whole + Compressors.gzip(Array("12345".utf8)).dropLast(8))
        var chunker = LineChunker(try InputSource(path: file.path))
        for _ in 0..<3 { #expect(try chunker.next()?.lineCount == LineChunker.maximumLines) }
        #expect(throws: InputError(.damaged, "")) { _ = try chunker.next() }
        #expect(throws: InputError(.damaged, "")) { _ = try chunker.next() }
    }

    @Test("an endless line is read over in bounded memory")
    func skipsEndlessLine() throws {
        let bytes = [UInt8](repeating: 0x61, count: 3 << 20)
        let read = try blocks(bytes, blockLength: 4096, maximumLineLength: 10_000)
        #expect(read.map(\.oversizedLength) == [bytes.count])
        #expect(read.map(\.byteCount) == [LineChunker.oversizedPrefix])
    }

    @Test("whole lines before a fault are handed out, then the fault is thrown")
    func keepsLinesBeforeFault() throws {
        var generator = SeededGenerator(seed: 7)
        let lines = (0..<5000).map { _ in "\(generator.next())\n" }.joined()
        let compressed = Compressors.gzip(Array(lines.utf8))
        let file = try TemporaryFile(Array(compressed[..<(compressed.count / 2)]))
        var chunker = LineChunker(try InputSource(path: file.path))
        let first = try #require(try chunker.next())
        #expect(first.lineCount > 1000)
        #expect(lines.utf8.starts(with: first.lines))
        #expect(first.lines.last == 0x0A)
        #expect(throws: InputError(.damaged, "")) { _ = try chunker.next() }
    }
}
