internal import JMESPath
internal import Parquet

/// Finds the values of promoted columns in payloads.
///
/// All paths are found in one pass over each payload, in which nothing is kept of the rest; an expression that is more
/// than a path takes a pass of its own. Nothing is allocated for an event.
struct ColumnEvaluator: Sendable {
    /// The columns, in the order of their values.
    let columns: [PromotedColumn]
    private let passes: [Pass]

    /// Columns that are evaluated together.
    private struct Pass: Sendable {
        var columns: [Int]
        var pool: EvaluatorPool
        var usesEnvelope: Bool
    }

    /// So many buffers are held in place at once; a batch of more is copied into one.
    private static let mostBuffers = 64

    /// - Throws: `JMESPathError` when the expressions are too deep together.
    init(_ columns: [PromotedColumn]) throws {
        self.columns = columns
        let paths = columns.indices.filter { columns[$0].isPath }
        let others = columns.indices.filter { !columns[$0].isPath }
        var passes: [Pass] = []
        for together in (paths.isEmpty ? [] : [paths]) + others.map({ [$0] }) {
            let list = "[" + together.map { columns[$0].program.text }.joined(separator: ",") + "]"
            let expression = try JMESPathExpression(list)
            passes.append(
                Pass(
                    columns: together,
                    pool: EvaluatorPool(nil, expression),
                    usesEnvelope: expression.usesEnvelope
                )
            )
        }
        self.passes = passes
    }

    /// The values of each column, one for each event.
    ///
    /// - Throws: `JMESPathError` when memory is short.
    func evaluate(_ batch: EventBatch) throws -> [PromotedValues] {
        var values = columns.map { PromotedValues($0.type, capacity: batch.count) }
        if passes.isEmpty { return values }
        var batch = batch
        if passes.contains(where: \.usesEnvelope) {
            batch = batch.compacted()
        } else if batch.payloads.buffers.count > ColumnEvaluator.mostBuffers {
            batch.payloads = batch.payloads.compacted()
        }
        var results = JMESPathBatch()
        for pass in passes {
            let loan = try pass.pool.take()
            loan.evaluate(batch, into: &results)
            pass.pool.giveBack(loan)
            unsafe results.bytes.withUnsafeBytes { bytes in
                for result in results.results {
                    for column in pass.columns { values[column].fill(to: result.index) }
                    switch result.outcome {
                    case .match:
                        var list = unsafe ValueList(bytes, result.bytes)
                        for column in pass.columns { unsafe list.next { unsafe values[column].append($0, $1) } }
                    case .failed: for column in pass.columns { values[column].appendMisfit() }
                    case .noMatch, .notJSON: for column in pass.columns { values[column].appendNull() }
                    }
                }
            }
            for column in pass.columns { values[column].fill(to: batch.count) }
        }
        return values
    }
}

/// What a value is, by its first character.
enum PromotedKind {
    case null, boolean, number, string, other
}

/// Reads the elements of a JSON array without blanks, as an evaluator writes it.
@safe
private struct ValueList {
    private let bytes: UnsafeRawBufferPointer
    private var position: Int
    private let end: Int

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        unsafe self.bytes = bytes
        // Of a payload that is null the list is null, too.
        let isList = unsafe range.count >= 2 && bytes[range.lowerBound] == UInt8(ascii: "[")
        position = isList ? range.lowerBound + 1 : range.upperBound
        end = isList ? range.upperBound - 1 : range.upperBound
    }

    /// Gives the next element's kind and text, which of a string is without its quotes.
    mutating func next(_ body: (PromotedKind, UnsafeRawBufferPointer) -> Void) {
        guard position < end else {
            unsafe body(.null, UnsafeRawBufferPointer(start: nil, count: 0))
            return
        }
        let start = position
        var kind = PromotedKind.other
        switch unsafe bytes[start] {
        case UInt8(ascii: "n"): kind = .null
        case UInt8(ascii: "t"), UInt8(ascii: "f"): kind = .boolean
        case UInt8(ascii: "\""): kind = .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): kind = .number
        default: break
        }
        skip(kind)
        let text = kind == .string ? (start + 1)..<(position - 1) : start..<position
        unsafe body(kind, UnsafeRawBufferPointer(rebasing: bytes[text]))
        // The comma.
        position += 1
    }

    private mutating func skip(_ kind: PromotedKind) {
        var depth = 0
        while position < end {
            switch unsafe bytes[position] {
            case UInt8(ascii: "\""): skipString()
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                position += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                position += 1
            case UInt8(ascii: ",") where depth == 0: return
            default: position += 1
            }
        }
    }

    private mutating func skipString() {
        position += 1
        while position < end, unsafe bytes[position] != UInt8(ascii: "\"") {
            position += unsafe bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position += 1
    }
}
