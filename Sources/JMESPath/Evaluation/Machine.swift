internal import CSimdJSON

/// Evaluates one compiled expression again and again.
///
/// The values it returns live until the arena is reset or the document's parser goes on.
@safe
final class Machine {
    let expression: JMESPathExpression
    let arena: Arena
    let instructions: UnsafeMutableBufferPointer<Instruction>
    let operands: UnsafeMutableBufferPointer<Int32>
    let slices: [SliceBounds]
    private let nameBytes: UnsafeMutableBufferPointer<UInt8>
    private let names: UnsafeMutableBufferPointer<Text>
    private let literals: UnsafeMutableBufferPointer<Value>
    /// Keeps the documents that the literals are.
    private let literalParser: TreeParser
    /// Keeps what was made of literals.
    private let literalArena = Arena()
    var envelope: JMESPathEnvelope?

    init(_ expression: JMESPathExpression, arena: Arena) throws(JMESPathError) {
        self.expression = expression
        self.arena = arena
        let program = expression.program
        unsafe instructions = Machine.copy(program.instructions)
        unsafe operands = Machine.copy(program.operands)
        slices = program.slices
        unsafe nameBytes = Machine.copy(program.names.flatMap { $0 })
        unsafe names = .allocate(capacity: program.names.count)
        var at = 0
        for (index, name) in program.names.enumerated() {
            unsafe names.initializeElement(
                at: index,
                to: Text(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(nameBytes)[at..<(at + name.count)]))
            )
            at += name.count
        }
        unsafe literals = .allocate(capacity: program.literals.count)
        var document: [UInt8] = [UInt8(ascii: "[")]
        for literal in program.literals {
            if document.count > 1 { document.append(UInt8(ascii: ",")) }
            document.append(contentsOf: literal)
        }
        document.append(UInt8(ascii: "]"))
        let parsed: ParsedDocument
        guard let parser = TreeParser(maximumDepth: 1024) else {
            unsafe literals.initialize(repeating: .null)
            throw JMESPathError(.invalidValue, "There is not enough memory to evaluate an expression.")
        }
        literalParser = parser
        parsed = unsafe document.withUnsafeBytes { unsafe parser.parse($0) }
        unsafe literals.initialize(repeating: .null)
        if var node = parsed.root?.first {
            for index in program.literals.indices {
                unsafe literals[index] = Machine.value(node, arena: literalArena)
                node = node.next
            }
        }
    }

    deinit {
        unsafe instructions.deallocate()
        unsafe operands.deallocate()
        unsafe nameBytes.deallocate()
        unsafe names.deallocate()
        unsafe literals.deallocate()
    }

    private static func copy<Element: BitwiseCopyable>(_ array: [Element]) -> UnsafeMutableBufferPointer<Element> {
        let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: array.count)
        _ = unsafe buffer.initialize(fromContentsOf: array)
        return unsafe buffer
    }

    // MARK: What steps are made of

    func instruction(_ index: Int32) -> Instruction { unsafe instructions[Int(index)] }
    func operand(_ index: Int32) -> Int32 { unsafe operands[Int(index)] }
    func name(_ index: Int32) -> Text { unsafe names[Int(index)] }
    func literal(_ index: Int32) -> Value { unsafe literals[Int(index)] }

    func failure(_ kind: JMESPathError.Kind, _ message: String, at step: Int32) -> JMESPathError {
        let offset = Int(instruction(step).offset)
        let column = JMESPathExpression.column(of: offset, in: expression.text)
        return JMESPathError(kind, message, expression: expression.text, column: column)
    }

    /// The value of a node.
    func value(_ node: Node) -> Value { Machine.value(node, arena: arena) }

    private static func value(_ node: Node, arena: Arena) -> Value {
        switch node.kind {
        case HW_JSON_STRING: .string(node.isEscaped ? arena.unescape(node.raw) : node.raw)
        case HW_JSON_NUMBER: Number.value(node.raw, arena: arena)
        case HW_JSON_OBJECT: .object(node)
        case HW_JSON_ARRAY: .array(node)
        case HW_JSON_TRUE: .boolean(true)
        case HW_JSON_FALSE: .boolean(false)
        default: .null
        }
    }

    // MARK: Steps

    /// Step `index` applied to `current`.
    func evaluate(_ index: Int32, _ current: Value) throws(JMESPathError) -> Value {
        let step = instruction(index)
        switch step.operation {
        case .current: return current
        case .field: return member(current, name(step.b))
        case .fieldOf: return member(try evaluate(step.a, current), name(step.b))
        case .elementOf: return element(try evaluate(step.a, current), Int(step.b))
        case .chain: return try evaluate(step.b, try evaluate(step.a, current))
        case .sliceOf: return slice(try evaluate(step.a, current), slices[Int(step.b)])
        case .projection: return try project(step, try evaluate(step.a, current))
        case .valueProjection: return try projectValues(step, try evaluate(step.a, current))
        case .filterProjection: return try projectFiltered(step, try evaluate(step.a, current))
        case .flatten: return flatten(try evaluate(step.a, current))
        case .or:
            let left = try evaluate(step.a, current)
            return left.isTrue ? left : try evaluate(step.b, current)
        case .and:
            let left = try evaluate(step.a, current)
            return left.isTrue ? try evaluate(step.b, current) : left
        case .not: return .boolean(!(try evaluate(step.a, current)).isTrue)
        case .compare:
            let left = try evaluate(step.a, current)
            return compare(left, try evaluate(step.b, current), step.c)
        case .literal: return literal(step.a)
        case .list: return try multiselectList(step, current)
        case .hash: return try multiselectHash(step, current)
        case .call: return try call(index, step, current)
        case .expressionReference: return .expression(step.a)
        case .envelope: return envelopeValue(step.a)
        }
    }

    private func member(_ object: Value, _ name: Text) -> Value {
        switch object {
        case .object(let node): return find(name, in: node).map { value($0) } ?? .null
        case .members(let members):
            for index in 0..<members.count where members[index].name.isEqual(name) { return members[index].value }
            return .null
        default: return .null
        }
    }

    /// The last member of a name.
    func find(_ name: Text, in object: Node) -> Node? {
        var found: Node?
        let mayRepeat = object.mayRepeat
        var node = object.first
        for _ in 0..<object.count {
            let value = node.next
            if isName(node, name) {
                if !mayRepeat { return value }
                found = value
            }
            node = value.next
        }
        return found
    }

    private func isName(_ node: Node, _ name: Text) -> Bool {
        node.isEscaped ? arena.unescape(node.raw).isEqual(name) : node.raw.isEqual(name)
    }

    private func element(_ array: Value, _ index: Int) -> Value {
        switch array {
        case .array(let node):
            let index = index < 0 ? node.count + index : index
            guard 0..<node.count ~= index else { return .null }
            var element = node.first
            for _ in 0..<index { element = element.next }
            return value(element)
        case .list(let list):
            let index = index < 0 ? list.count + index : index
            return 0..<list.count ~= index ? list[index] : .null
        default: return .null
        }
    }

    @inline(never)
    private func slice(_ array: Value, _ bounds: SliceBounds) -> Value {
        guard let values = elements(array) else { return .null }
        let count = values.count
        func clamp(_ bound: Int, _ low: Int, _ high: Int) -> Int {
            min(max(bound < 0 ? bound + count : bound, low), high)
        }
        let step = bounds.step
        let list = self.list(values)
        if step > 0 {
            let start = bounds.start.map { clamp($0, 0, count) } ?? 0
            let stop = bounds.stop.map { clamp($0, 0, count) } ?? count
            var result = arena.list(max(0, stop - start))
            for index in stride(from: start, to: stop, by: step) { result.append(list[index]) }
            return .list(result)
        }
        let start = bounds.start.map { clamp($0, -1, count - 1) } ?? count - 1
        let stop = bounds.stop.map { clamp($0, -1, count - 1) } ?? -1
        var result = arena.list(max(0, start - stop))
        for index in stride(from: start, to: stop, by: step) { result.append(list[index]) }
        return .list(result)
    }

    @inline(never)
    private func project(_ step: Instruction, _ base: Value) throws(JMESPathError) -> Value {
        guard var values = elements(base) else { return .null }
        if instruction(step.b).operation == .current, !mayHoldNull(base) { return base }
        var result = arena.list(values.count)
        while let value = values.next() {
            let mapped = try evaluate(step.b, value)
            if !mapped.isNull { result.append(mapped) }
        }
        return .list(result)
    }

    private func mayHoldNull(_ value: Value) -> Bool {
        guard var values = elements(value) else { return false }
        while let value = values.next() { if value.isNull { return true } }
        return false
    }

    @inline(never)
    private func projectValues(_ step: Instruction, _ base: Value) throws(JMESPathError) -> Value {
        guard var values = members(base) else { return .null }
        var result = arena.list(values.count)
        while let member = values.next() {
            let mapped = try evaluate(step.b, member.value)
            if !mapped.isNull { result.append(mapped) }
        }
        return .list(result)
    }

    @inline(never)
    private func projectFiltered(_ step: Instruction, _ base: Value) throws(JMESPathError) -> Value {
        guard var values = elements(base) else { return .null }
        var result = arena.list(values.count)
        while let value = values.next() {
            guard try evaluate(step.c, value).isTrue else { continue }
            let mapped = try evaluate(step.b, value)
            if !mapped.isNull { result.append(mapped) }
        }
        return .list(result)
    }

    @inline(never)
    private func flatten(_ base: Value) -> Value {
        guard let values = elements(base) else { return .null }
        var total = 0
        var counting = values
        while let value = counting.next() { total += elements(value)?.count ?? 1 }
        var result = arena.list(total)
        var copying = values
        while let value = copying.next() {
            if var inner = elements(value) {
                while let value = inner.next() { result.append(value) }
            } else {
                result.append(value)
            }
        }
        return .list(result)
    }

    @inline(never)
    private func multiselectList(_ step: Instruction, _ current: Value) throws(JMESPathError) -> Value {
        if current.isNull { return .null }
        var result = arena.list(Int(step.b))
        for index in 0..<step.b { result.append(try evaluate(operand(step.a + index), current)) }
        return .list(result)
    }

    @inline(never)
    private func multiselectHash(_ step: Instruction, _ current: Value) throws(JMESPathError) -> Value {
        if current.isNull { return .null }
        var result = arena.members(Int(step.b))
        for index in 0..<step.b {
            result.set(name(step.c + index), try evaluate(operand(step.a + index), current))
        }
        return .members(result)
    }

    // MARK: Envelope

    func envelopeValue(_ part: Int32) -> Value {
        guard let envelope else { return .null }
        guard let part = EnvelopePart(rawValue: part) else {
            var result = arena.members(EnvelopePart.allCases.count)
            for part in EnvelopePart.allCases { result.append(Text(part.name), envelopeValue(part, envelope)) }
            return .members(result)
        }
        return envelopeValue(part, envelope)
    }

    private func envelopeValue(_ part: EnvelopePart, _ envelope: JMESPathEnvelope) -> Value {
        let bytes: UnsafeRawBufferPointer?
        switch part {
        case .id: unsafe bytes = envelope.id
        case .key: unsafe bytes = envelope.key
        case .source: unsafe bytes = envelope.source
        case .sequence: unsafe bytes = envelope.sequence
        case .timestamp: return envelope.timestamp.map { .string(arena.rfc3339($0)) } ?? .null
        }
        guard let bytes = unsafe bytes else { return .null }
        return unsafe .string(Text(bytes.bindMemory(to: UInt8.self)))
    }
}

@available(*, unavailable)
extension Machine: Sendable {}
