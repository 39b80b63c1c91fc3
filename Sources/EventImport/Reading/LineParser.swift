internal import CSimdJSON
internal import JMESPath
internal import Parquet

/// Turns blocks of lines into columns of events to be.
///
/// Each line is checked to be one JSON value (RFC 8259) of valid UTF-8, whole, whatever its fields; half a surrogate
/// pair (`"\ud800"`) counts as fault, since no reader can make text of it, and numbers of any size are fine. Of several
/// members of one name the last counts, as in JMESPath. Blank lines are left out.
///
/// One owner at a time; several parsers may work on blocks of one input side by side. Memory: 1 MiB, and per line of a
/// block at most 52 bytes of result.
@safe
package final class LineParser {
    private let mapping: FieldMapping
    private let limits: LineLimits
    /// Those that are plain paths, in the order in which the parser gives them.
    private let fields: [MappedField]
    private let expressions: [LineExpression]
    private let handle: OpaquePointer

    /// Makes a parser, or `nil` when memory is short.
    package init?(_ mapping: FieldMapping, limits: LineLimits = LineLimits()) {
        self.mapping = mapping
        self.limits = limits
        var fields: [MappedField] = []
        var paths: [[PathStep]] = []
        var expressions: [LineExpression] = []
        for field in mapping.fields {
            guard let expression = mapping[field] else { continue }
            if let path = expression.plainPath {
                fields.append(field)
                paths.append(path)
            } else if let evaluated = LineExpression(field, expression) {
                expressions.append(evaluated)
            } else {
                return nil
            }
        }
        self.fields = fields
        self.expressions = expressions
        let handle = unsafe paths.withParserPaths {
            unsafe hw_json_lines_create($0, $1, limits.depth, limits.lineLength)
        }
        guard let handle = unsafe handle else { return nil }
        unsafe self.handle = handle
    }

    deinit { unsafe hw_json_lines_free(handle) }

    /// Parses a block.
    package func parse(_ block: LineBlock) -> ParsedBlock { parse(block, indexed: true) }

    /// Parses a block, with or without simdjson's index; for tests that compare the two.
    func parse(_ block: LineBlock, indexed: Bool) -> ParsedBlock {
        var columns = BlockColumns(mapping: mapping, limits: limits, fields: fields, capacity: block.lineCount)
        if block.oversizedLength == nil {
            for expression in expressions { columns.add(expression.values(of: block)) }
        }
        if let length = block.oversizedLength {
            columns.rejectOversized(prefix: block.byteCount, length: length)
        } else {
            unsafe block.bytes.withUnsafeBytes { bytes in
                unsafe hw_json_lines_begin(
                    handle,
                    bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    block.byteCount,
                    indexed
                )
                var batch = unsafe hw_json_lines_batch()
                while unsafe hw_json_lines_next(handle, &batch) { unsafe columns.append(batch, block: bytes) }
                unsafe columns.finish(batch)
            }
        }
        return columns.parsed(block)
    }
}

@available(*, unavailable)
extension LineParser: Sendable {}
