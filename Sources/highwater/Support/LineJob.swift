internal import CSimdJSON
internal import EventImport
internal import JMESPath

/// What to do with each line of a block.
struct LineJob: Sendable {
    var condition: JMESPathExpression?
    var projection: JMESPathExpression?
    var isRaw: Bool
    var skipsNull: Bool
    var countsOnly: Bool

    /// Evaluates one block.
    ///
    /// - Throws: ``JMESPathError`` when memory is short; what is wrong with lines is in the results.
    func run(_ piece: LineReader.Piece, number: Int) throws -> LineResults {
        var results = LineResults(number: number)
        let block = piece.block
        if let length = block.oversizedLength {
            let reason = "A line of \(length) bytes is longer than the \(block.maximumLineLength) that are allowed."
            results.faults.append("\(piece.input):\(block.firstLineNumber): \(reason)")
            return results
        }
        let evaluator = try JMESPathEvaluator(where: condition, select: projection)
        var batch = JMESPathBatch(terminator: UInt8(ascii: "\n"), copiesDocuments: true)
        unsafe block.bytes.withUnsafeBytes { bytes in
            unsafe evaluator.evaluateLines(
                of: UnsafeRawBufferPointer(rebasing: bytes[..<block.byteCount]),
                into: &batch
            )
        }
        for (result, error) in batch.failures {
            let line = "\(piece.input):\(block.firstLineNumber + result.index)"
            results.faults.append("\(line): \(error.message)")
        }
        guard isRaw || skipsNull else {
            results.count = batch.matches
            if !countsOnly { results.output = batch.bytes }
            return results
        }
        for result in batch.results where result.outcome == .match {
            let text = batch.bytes[result.bytes]
            if skipsNull, text.elementsEqual("null".utf8) { continue }
            results.count += 1
            if !countsOnly { append(text, to: &results.output) }
        }
        return results
    }

    private func append(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        if isRaw, text.first == quote {
            appendUnescaped(text.dropFirst().dropLast(), to: &output)
        } else {
            output.append(contentsOf: text)
        }
        output.append(UInt8(ascii: "\n"))
    }

    /// Adds the text that the inside of a JSON string stands for.
    private func appendUnescaped(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
        guard text.contains(UInt8(ascii: "\\")) else { return output.append(contentsOf: text) }
        output += unsafe [UInt8](unsafeUninitializedCapacity: text.count) { buffer, filled in
            guard let to = buffer.baseAddress else { return }
            unsafe text.withUnsafeBufferPointer { bytes in
                guard let from = bytes.baseAddress else { return }
                unsafe filled = max(0, hw_json_unescape(from, bytes.count, to))
            }
        }
    }
}

/// What became of the lines of a block.
struct LineResults: Sendable {
    /// The place of the block among all.
    var number: Int
    /// How many results there are.
    var count = 0
    var output: [UInt8] = []
    /// What is wrong with lines, each with its place.
    var faults: [String] = []
}
