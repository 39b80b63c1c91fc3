package import Parquet

/// The lines of a block as columns of events to be, and the lines that become none.
///
/// Columns are views into the block itself and a buffer of unescaped texts, so nothing is copied.
package struct ParsedBlock: Sendable {
    /// The block that was parsed.
    package let block: LineBlock
    /// Ids; `nil` when none are mapped.
    package internal(set) var ids: ByteArrays?
    /// Microseconds since 1970 UTC; `nil` when none are mapped.
    package internal(set) var timestamps: [Int64]?
    /// Keys, null where a line has none; `nil` when none are mapped.
    package internal(set) var keys: ByteArrays?
    /// The lines as they stood, without line feed and carriage return before it.
    package internal(set) var payloads: ByteArrays
    /// For each event, how many lines of the block come before its line.
    package internal(set) var lineIndexes: [UInt32]
    /// The lines that become no event, in order.
    package internal(set) var rejected: [RejectedLine]

    let mapping: FieldMapping
    let limits: LineLimits
    /// The block's bytes, unescaped texts, and the results of expressions: what views are into.
    let buffers: [[UInt8]]

    /// How many events there are.
    package var count: Int { lineIndexes.count }

    /// The number of the line in its input that event `index` stands on, from 1.
    package func lineNumber(ofEvent index: Int) -> Int { block.firstLineNumber + Int(lineIndexes[index]) }

    /// The number of a rejected line in its input, from 1.
    package func lineNumber(of line: RejectedLine) -> Int { block.firstLineNumber + Int(line.index) }

    /// The bytes of a rejected line; only the first ``LineChunker/oversizedPrefix`` when the block was ``isCut``.
    package func bytes(of line: RejectedLine) -> ArraySlice<UInt8> {
        block.bytes[Int(line.offset)..<Int(line.offset + line.length)]
    }

    /// Whether the block holds one rejected line, too long to be kept whole.
    package var isCut: Bool { block.oversizedLength != nil }
}
