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
        guard let handle = unsafe LineParser.makeHandle(paths, limits) else { return nil }
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

    private static func makeHandle(_ paths: [[PathStep]], _ limits: LineLimits) -> OpaquePointer? {
        // All names in one buffer and all steps in another, so that the pointers into them hold together.
        var names: [UInt8] = [0]
        var starts: [Int] = []
        for step in paths.joined() {
            starts.append(names.count)
            if case .member(let name) = step { names.append(contentsOf: name) }
        }
        return unsafe names.withUnsafeBufferPointer { names in
            var steps: [hw_json_step] = unsafe []
            for (step, start) in zip(paths.joined(), starts) {
                switch step {
                case .member(let name):
                    let pointer = unsafe names.baseAddress?.advanced(by: start)
                    unsafe steps.append(hw_json_step(name: pointer, name_length: name.count, index: 0))
                case .element(let index):
                    unsafe steps.append(hw_json_step(name: nil, name_length: 0, index: UInt32(index)))
                }
            }
            return unsafe steps.withUnsafeBufferPointer { steps in
                var first = 0
                var list: [hw_json_path] = unsafe []
                for path in paths {
                    unsafe list.append(
                        hw_json_path(steps: steps.baseAddress?.advanced(by: first), count: path.count)
                    )
                    first += path.count
                }
                return unsafe hw_json_lines_create(list, list.count, limits.depth, limits.lineLength)
            }
        }
    }
}

@available(*, unavailable)
extension LineParser: Sendable {}
