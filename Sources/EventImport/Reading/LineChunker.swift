internal import CSimdJSON

/// Cuts an input into blocks that end where a line ends.
///
/// Lines end with a line feed; the last one need not. A UTF-8 byte order mark before the first line is dropped.
///
/// Memory beside the block handed out: what is read but not handed out, at most the length of a block or of a line.
/// While a line that does not fit in a block is read, there are two buffers of at most that length. Such a line that
/// goes on past the limit is read over and reported, not kept.
package struct LineChunker: ~Copyable {
    /// At most so many lines make a block, so that what is kept for each of them is bounded however short they are.
    package static let maximumLines = 1 << 16
    /// How many bytes of a line longer than the limit are kept to show.
    package static let oversizedPrefix = 1024

    private let source: InputSource
    private let blockLength: Int
    private let maximumLineLength: Int
    /// What is read but not handed out: whole lines if there were too many for one block, then the start of one.
    private var carry: [UInt8] = []
    /// How many line feeds it has.
    private var carryLines = 0
    private var lineNumber = 1
    private var isAtStart = true
    private var isAtEnd = false
    private var failure: InputError?

    /// Makes a chunker of `source`.
    ///
    /// - Parameters:
    ///   - source: Where the bytes come from; nobody else may read it from now on.
    ///   - blockLength: About how many bytes a block has.
    ///   - maximumLineLength: The longest line, in bytes without its line feed, that is handed out whole.
    package init(_ source: InputSource, blockLength: Int = 4 << 20, maximumLineLength: Int = 64 << 20) {
        self.source = source
        self.blockLength = max(blockLength, 16)
        self.maximumLineLength = min(max(maximumLineLength, 1), 1 << 30)
    }

    /// The next block, or `nil` at the end.
    ///
    /// Blocks until the block is full or the input ends.
    ///
    /// - Throws: What ``InputSource/read(into:)`` throws, after the whole lines before the fault were handed out.
    package mutating func next() throws(InputError) -> LineBlock? {
        var bytes = carry
        var capacity = max(blockLength, bytes.count + 1)
        var searched = 0
        carry = []
        while true {
            if carryLines < LineChunker.maximumLines { fill(&bytes, upTo: capacity) }
            if let failure {
                // Whole lines read before the fault are good; the fault is thrown when they are gone.
                guard let end = LineChunker.lastLineEnd(in: bytes, from: searched) else { throw failure }
                bytes.removeLast(bytes.count - end)
                return block(bytes, upTo: end)
            }
            if isAtEnd {
                return bytes.isEmpty ? nil : block(bytes, upTo: bytes.count)
            }
            if let end = LineChunker.lastLineEnd(in: bytes, from: searched) { return block(bytes, upTo: end) }
            searched = bytes.count
            // One byte more than the limit may be a carriage return, which does not count.
            if bytes.count > maximumLineLength + 1 { return try skipLine(from: bytes) }
            capacity = min(2 * capacity, max(maximumLineLength + 2, bytes.count + 1))
        }
    }

    /// Reads until `bytes` has `capacity` bytes or the input ends.
    ///
    /// The buffer is made anew at its full size with room for the padding, so that nothing is cleared before it is
    /// overwritten, and a block is never moved once it is read.
    private mutating func fill(_ bytes: inout [UInt8], upTo capacity: Int) {
        if failure != nil { return }
        let start = bytes
        var failure: InputError?
        var ended = false
        let source = source
        bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity + LineBlock.padding) { buffer, count in
            _ = unsafe buffer.update(fromContentsOf: start)
            count = start.count
            do throws(InputError) {
                while count < capacity {
                    let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[count..<capacity])
                    let added = try unsafe source.read(into: UnsafeMutableRawBufferPointer(rest))
                    if added == 0 {
                        ended = true
                        break
                    }
                    count += added
                }
            } catch {
                failure = error
            }
        }
        if isAtStart, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        isAtStart = false
        isAtEnd = ended
        self.failure = failure
    }

    /// Makes a block of as many of the lines in the first `end` bytes as it may have, and carries over the rest.
    private mutating func block(_ bytes: consuming [UInt8], upTo end: Int) -> LineBlock {
        var end = end
        var count = unsafe bytes.withUnsafeBufferPointer { unsafe hw_count_newlines($0.baseAddress, end) }
        carryLines = 0
        if count > LineChunker.maximumLines {
            carryLines = count - LineChunker.maximumLines
            count = LineChunker.maximumLines
            end = LineChunker.end(ofLine: count, in: bytes)
        }
        carry = Array(bytes[end...])
        bytes.removeLast(bytes.count - end)
        if bytes.last != UInt8(ascii: "\n") { count += 1 }
        bytes.append(contentsOf: repeatElement(0, count: LineBlock.padding))
        let first = lineNumber
        lineNumber += count
        return LineBlock(bytes: bytes, lineCount: count, firstLineNumber: first, inputBytes: source.bytesConsumed)
    }

    /// Reads over the rest of the line that `bytes` is the start of.
    private mutating func skipLine(from bytes: [UInt8]) throws(InputError) -> LineBlock {
        var length = bytes.count
        var prefix = Array(bytes[..<LineChunker.validPrefix(of: bytes)])
        var more: [UInt8] = []
        while !isAtEnd {
            more.removeAll()
            fill(&more, upTo: blockLength)
            if let newline = more.firstIndex(of: UInt8(ascii: "\n")) {
                length += newline
                carry = Array(more[(newline + 1)...])
                carryLines = 0
                break
            }
            length += more.count
            if let failure { throw failure }
        }
        prefix.append(contentsOf: repeatElement(0, count: LineBlock.padding))
        lineNumber += 1
        return LineBlock(
            bytes: prefix,
            lineCount: 1,
            firstLineNumber: lineNumber - 1,
            inputBytes: source.bytesConsumed,
            oversizedLength: length,
            maximumLineLength: maximumLineLength
        )
    }

    /// As many bytes as are kept of a line that is too long, without half a character at the end.
    private static func validPrefix(of bytes: [UInt8]) -> Int {
        var end = min(bytes.count, oversizedPrefix)
        while end > 0, end < bytes.count, bytes[end] & 0xC0 == 0x80, end > oversizedPrefix - 4 { end -= 1 }
        return end
    }

    /// Behind the line feed of line `number`, counted from 1, which there must be.
    private static func end(ofLine number: Int, in bytes: [UInt8]) -> Int {
        var left = number
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            left -= 1
            if left == 0 { return index + 1 }
        }
        return bytes.count
    }

    private static func lastLineEnd(in bytes: [UInt8], from start: Int) -> Int? {
        bytes[start...].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
    }
}
