internal import CSimdJSON
internal import JMESPath
internal import Parquet

/// An expression that is more than a path, evaluated over each line of a block.
final class LineExpression {
    private let field: MappedField
    private let evaluator: JMESPathEvaluator
    private var results = JMESPathBatch()

    /// Compiles it, or returns `nil` when memory is short.
    init?(_ field: MappedField, _ expression: JMESPathExpression) {
        self.field = field
        do {
            evaluator = try JMESPathEvaluator(select: expression)
        } catch {
            // The one reason there is; whoever makes a parser says so.
            return nil
        }
    }

    /// What it gives for each line that is not blank.
    func values(of block: LineBlock) -> EvaluatedField {
        unsafe block.bytes.withUnsafeBytes { bytes in
            unsafe evaluator.evaluateLines(
                of: UnsafeRawBufferPointer(rebasing: bytes[..<block.byteCount]),
                into: &results
            )
        }
        var values = EvaluatedField(field: field)
        values.lines.reserveCapacity(results.results.count)
        for result in results.results {
            switch result.outcome {
            case .failed: values.addFailure(results.errors[result.error].message, line: result.index)
            case .match:
                unsafe results.bytes.withUnsafeBytes { unsafe values.add($0[result.bytes], line: result.index) }
            // The parser finds out for itself.
            case .notJSON, .noMatch: break
            }
        }
        return values
    }
}

@available(*, unavailable)
extension LineExpression: Sendable {}

/// The values of one field, by line, where an expression made them.
struct EvaluatedField {
    /// One line's value; its text is in ``EvaluatedField/text``.
    struct Line {
        /// How many lines of the block, blank ones too, come before it.
        var index: Int
        var value: hw_json_field
        /// Whether the text is why there is no value.
        var isFailure = false
    }

    let field: MappedField
    fileprivate(set) var lines: [Line] = []
    fileprivate(set) var text: [UInt8] = []
    private var next = 0
    /// Bytes of a text that are kept, so that all of a block stay below 4 GiB.
    private static let longest = 1 << 16

    init(field: MappedField) { self.field = field }

    /// The value of a line; lines are asked for in ascending order.
    mutating func take(_ index: UInt32) -> Line? {
        while next < lines.count, lines[next].index < Int(index) { next += 1 }
        return next < lines.count && lines[next].index == Int(index) ? lines[next] : nil
    }

    fileprivate mutating func addFailure(_ error: String, line: Int) {
        let message = error.hasSuffix(".") ? String(error.dropLast()) : error
        let value = hw_json_field(
            in_arena: 0,
            offset: UInt32(text.count),
            length: UInt32(message.utf8.count),
            kind: HW_JSON_MISSING
        )
        text.append(contentsOf: message.utf8)
        lines.append(Line(index: line, value: value, isFailure: true))
    }

    /// Adds a value that is given as JSON without blanks.
    fileprivate mutating func add(_ json: Slice<UnsafeRawBufferPointer>, line: Int) {
        let start = text.count
        let kind: hw_json_kind
        switch unsafe json.first {
        case UInt8(ascii: "\""):
            kind = HW_JSON_STRING
            unsafe addUnescaped(UnsafeRawBufferPointer(rebasing: json.dropFirst().dropLast()))
        case UInt8(ascii: "{"): kind = HW_JSON_OBJECT
        case UInt8(ascii: "["): kind = HW_JSON_ARRAY
        case UInt8(ascii: "n"): kind = HW_JSON_NULL
        case UInt8(ascii: "t"):
            kind = HW_JSON_TRUE
            unsafe text.append(contentsOf: json)
        case UInt8(ascii: "f"):
            kind = HW_JSON_FALSE
            unsafe text.append(contentsOf: json)
        default:
            kind = HW_JSON_NUMBER
            unsafe text.append(contentsOf: json)
        }
        let value = hw_json_field(
            in_arena: 0,
            offset: UInt32(start),
            length: UInt32(text.count - start),
            kind: kind
        )
        lines.append(Line(index: line, value: value))
    }

    private mutating func addUnescaped(_ inside: UnsafeRawBufferPointer) {
        // Far beyond what any field may have: so much of it is enough to tell.
        if inside.count > EvaluatedField.longest {
            return unsafe text.append(contentsOf: inside.prefix(EvaluatedField.longest))
        }
        guard unsafe inside.contains(UInt8(ascii: "\\")) else { return unsafe text.append(contentsOf: inside) }
        let start = text.count
        text.append(contentsOf: repeatElement(0, count: inside.count))
        let length = unsafe text.withUnsafeMutableBufferPointer { output in
            unsafe hw_json_unescape(
                inside.baseAddress?.assumingMemoryBound(to: UInt8.self),
                inside.count,
                output.baseAddress?.advanced(by: start)
            )
        }
        text.removeLast(inside.count - max(length, 0))
    }
}
