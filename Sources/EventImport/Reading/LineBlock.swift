/// Whole lines of an input, as much as is read at once.
package struct LineBlock: Sendable {
    /// How many zero bytes follow the lines, so that a parser may look a little past their end.
    package static let padding = 64

    /// The lines with their line feeds (the last one of the input may lack it), then ``padding`` zero bytes.
    package var bytes: [UInt8]
    /// How many lines there are, blank ones too.
    package var lineCount: Int
    /// The number of the first line, from 1.
    package var firstLineNumber: Int
    /// ``InputSource/bytesConsumed`` when the block was complete; for progress.
    package var inputBytes: Int
    /// Set when the block is nothing but the beginning of one line longer than the limit: the length of that line.
    package var oversizedLength: Int?
    /// The limit that such a line is beyond.
    package var maximumLineLength = Int.max

    /// How many of ``bytes`` are lines.
    package var byteCount: Int { bytes.count - LineBlock.padding }
}
