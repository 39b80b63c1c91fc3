internal import CSimdJSON

/// Evaluates a condition and a projection over JSON documents, again and again with the same buffers.
///
/// One for each thread. Without a condition every document matches; without a projection nothing is made of a match.
/// Documents are checked whole (RFC 8259, UTF-8 included), even where an expression looks at two members only. Of
/// members of one name the last counts.
///
/// Memory: about 1 MiB, and what the largest result needs.
@safe
public final class JMESPathEvaluator {
    /// How deep documents may be nested.
    public static let maximumDocumentDepth = 1024
    /// How many zero bytes must follow a block of lines.
    public static let padding = Int(HW_JSON_PADDING)

    private let arena = Arena()
    private let condition: Machine?
    private let projection: Machine?
    private let plan: FieldPlan?
    private let usesEnvelope: Bool
    private let parser: DocumentParser
    private let treeParser: TreeParser
    private var sink = ByteSink(capacity: 64 * 1024)
    private var texts: [hw_json_text] = unsafe []
    private var single = JMESPathBatch()

    /// Makes an evaluator.
    ///
    /// - Parameters:
    ///   - condition: Keeps a document when this is true of it: neither null nor false nor empty.
    ///   - projection: What to write for a document that is kept.
    /// - Throws: ``JMESPathError`` when memory is short.
    public convenience init(
        where condition: JMESPathExpression? = nil,
        select projection: JMESPathExpression? = nil
    ) throws(JMESPathError) {
        try self.init(where: condition, select: projection, isPlanned: true)
    }

    /// Makes an evaluator that, when not `isPlanned`, has no fast path; for tests that compare the two.
    init(
        where condition: JMESPathExpression?,
        select projection: JMESPathExpression?,
        isPlanned: Bool
    ) throws(JMESPathError) {
        let arena = arena
        self.condition = try condition.map { expression throws(JMESPathError) in try Machine(expression, arena: arena) }
        self.projection = try projection.map { expression throws(JMESPathError) in try Machine(expression, arena: arena)
        }
        usesEnvelope = condition?.usesEnvelope == true || projection?.usesEnvelope == true
        plan = isPlanned ? FieldPlan(test: self.condition, projection: self.projection) : nil
        let depth = JMESPathEvaluator.maximumDocumentDepth
        guard let parser = DocumentParser(paths: plan?.paths, maximumDepth: depth),
            let treeParser = TreeParser(maximumDepth: depth)
        else {
            sink.deallocate()
            throw JMESPathError(.invalidValue, "There is not enough memory to evaluate an expression.")
        }
        self.parser = parser
        self.treeParser = treeParser
    }

    deinit { sink.deallocate() }

    /// Whether both expressions look only at the paths they name.
    public var isPlanned: Bool { plan != nil }

    // MARK: One document

    /// Writes the projection of a document behind `output`, as JSON without blanks, if the condition is true of it.
    ///
    /// - Returns: Whether the condition is true, or there is none.
    /// - Throws: ``JMESPathError`` of kind ``JMESPathError/Kind/notJSON`` or ``JMESPathError/Kind/invalidType``; then
    ///   nothing is written.
    public func write(
        _ json: UnsafeRawBufferPointer,
        envelope: JMESPathEnvelope? = nil,
        into output: inout [UInt8]
    ) throws(JMESPathError) -> Bool {
        let box = unsafe json
        unsafe evaluate(count: 1, document: { _ in unsafe box }, envelope: { _ in envelope }, into: &single)
        if let error = single.errors.first { throw error }
        output.append(contentsOf: single.bytes)
        return single.matches == 1
    }

    // MARK: Many documents

    /// Evaluates `count` documents that may be anywhere in memory.
    ///
    /// Allocates nothing for a document that the fast path decides, once the buffers are large enough.
    ///
    /// - Parameters:
    ///   - count: How many there are.
    ///   - document: The bytes of each by its number, which stay until this returns. Less than 2 GiB each.
    ///   - envelope: What surrounds each, if anything; asked for only when an expression uses it.
    ///   - batch: Gets a result for each document; what it held is forgotten.
    public func evaluate(
        count: Int,
        document: (Int) -> UnsafeRawBufferPointer,
        envelope: ((Int) -> JMESPathEnvelope?)? = nil,
        into batch: inout JMESPathBatch
    ) {
        unsafe texts.removeAll(keepingCapacity: true)
        for index in 0..<count {
            let bytes = unsafe document(index)
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe texts.append(hw_json_text(bytes: start, length: bytes.count))
        }
        begin(&batch)
        let usesEnvelope = usesEnvelope
        unsafe texts.withUnsafeBufferPointer { texts in
            unsafe parser.texts(texts) { parsed, place in
                let envelope = usesEnvelope ? envelope?(Int(parsed.index)) : nil
                add(parsed, place, envelope, &batch)
            }
        }
        finish(&batch)
    }

    /// Evaluates each line of a block; blank ones are left out.
    ///
    /// - Parameters:
    ///   - block: Whole lines, the last one with or without its line feed, and behind them ``padding`` zero bytes that
    ///     are not counted here. Less than 4 GiB.
    ///   - batch: Gets a result for each line; what it held is forgotten.
    public func evaluateLines(of block: UnsafeRawBufferPointer, into batch: inout JMESPathBatch) {
        unsafe evaluateLines(of: block, isIndexed: true, into: &batch)
    }

    /// Likewise, with or without simdjson's index; for tests that compare the two.
    func evaluateLines(of block: UnsafeRawBufferPointer, isIndexed: Bool, into batch: inout JMESPathBatch) {
        begin(&batch)
        unsafe parser.lines(of: block, isIndexed: isIndexed) { parsed, place in add(parsed, place, nil, &batch) }
        finish(&batch)
    }

    private func begin(_ batch: inout JMESPathBatch) {
        batch.removeAll()
        sink.truncate(to: 0)
    }

    private func finish(_ batch: inout JMESPathBatch) { unsafe batch.bytes.append(contentsOf: sink.bytes) }

    private func add(
        _ parsed: hw_json_document,
        _ place: DocumentParser.Place,
        _ envelope: JMESPathEnvelope?,
        _ batch: inout JMESPathBatch
    ) {
        let start = sink.count
        let offset = Int(parsed.offset)
        var result = JMESPathBatch.Result(
            outcome: .noMatch,
            index: Int(parsed.index),
            document: offset..<(offset + Int(parsed.length)),
            bytes: start..<start,
            error: -1
        )
        do throws(JMESPathError) {
            if try isMatch(parsed, place, envelope) {
                result.outcome = .match
                batch.matches += 1
                if batch.copiesDocuments, projection == nil { sink.append(place.bytes(parsed)) }
                result.bytes = start..<sink.count
                if let terminator = batch.terminator { sink.append(terminator) }
            }
        } catch {
            sink.truncate(to: start)
            result.outcome = error.kind == .notJSON ? .notJSON : .failed
            result.error = batch.errors.count
            batch.errors.append(error)
        }
        batch.results.append(result)
    }

    /// Decides about a document and writes the projection of one that matches.
    private func isMatch(
        _ parsed: hw_json_document,
        _ place: DocumentParser.Place,
        _ envelope: JMESPathEnvelope?
    ) throws(JMESPathError) -> Bool {
        guard parsed.status == HW_JSON_OK, let node = place.node(parsed) else {
            throw JMESPathEvaluator.notJSON(parsed.status, Int(parsed.fault_offset))
        }
        arena.reset()
        if usesEnvelope {
            condition?.envelope = envelope
            projection?.envelope = envelope
        }
        guard let plan else { return try isMatch(node) }
        // Of null a list or hash makes null, not one of nulls; the general way knows.
        if parsed.first_byte != UInt8(ascii: "n"), let isMatch = plan.isMatch(node) {
            if !isMatch { return false }
            if plan.write(node, to: &sink) { return true }
        }
        let bytes = unsafe UnsafeRawBufferPointer(place.bytes(parsed).bytes)
        let whole = unsafe treeParser.parse(bytes)
        guard let root = whole.root else { throw JMESPathEvaluator.notJSON(whole.status, whole.faultOffset) }
        return try isMatch(root)
    }

    private func isMatch(_ root: Node) throws(JMESPathError) -> Bool {
        if let condition {
            guard try condition.evaluate(condition.expression.program.root, condition.value(root)).isTrue else {
                return false
            }
        }
        if let projection {
            let value = try projection.evaluate(projection.expression.program.root, projection.value(root))
            projection.write(value, to: &sink)
        }
        return true
    }

    private static func notJSON(_ status: hw_json_status, _ offset: Int) -> JMESPathError {
        let reason = ParsedDocument.reason(status)
        return JMESPathError(.notJSON, "Not one JSON value: \(reason), at byte \(offset).", column: offset)
    }
}

@available(*, unavailable)
extension JMESPathEvaluator: Sendable {}
