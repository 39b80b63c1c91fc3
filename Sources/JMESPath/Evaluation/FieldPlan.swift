internal import CSimdJSON

/// How to evaluate expressions that ask for no more than values at some paths.
///
/// A condition may be made of paths, literals, parts of the envelope, comparisons between them, and `&&`, `||` and `!`;
/// a projection of one of the former or a list or hash of them. A path is a chain of names and indexes from the front.
/// For those the parser looks for the paths and nothing is kept of the rest of a document. Where a path turns out to
/// lead to an object or array that has to be looked into, the plan gives no answer, and the general evaluation does.
@safe
final class FieldPlan {
    /// More paths than this are no faster than the whole document.
    private static let maximumFields = 32

    private let test: Machine?
    private let projection: Machine?
    private(set) var paths: [[PathStep]] = []
    /// For each step of the condition the field it is, or -1.
    private let testFields: UnsafeMutableBufferPointer<Int32>
    private let projectionFields: UnsafeMutableBufferPointer<Int32>

    /// Makes a plan; `nil` when an expression asks for more.
    init?(test: Machine?, projection: Machine?) {
        self.test = test
        self.projection = projection
        unsafe testFields = .allocate(capacity: test?.expression.program.instructions.count ?? 0)
        unsafe projectionFields = .allocate(capacity: projection?.expression.program.instructions.count ?? 0)
        unsafe testFields.initialize(repeating: -1)
        unsafe projectionFields.initialize(repeating: -1)
        if let test, !markTest(test.expression.program.root, test) { return nil }
        if let projection, !markProjection(projection.expression.program.root, projection) { return nil }
        if paths.count > FieldPlan.maximumFields { return nil }
    }

    deinit {
        unsafe testFields.deallocate()
        unsafe projectionFields.deallocate()
    }

    // MARK: Making it

    private func markTest(_ index: Int32, _ machine: Machine) -> Bool {
        let step = machine.instruction(index)
        switch step.operation {
        case .and, .or: return markTest(step.a, machine) && markTest(step.b, machine)
        case .not: return markTest(step.a, machine)
        case .compare: return unsafe mark(step.a, machine, testFields) && mark(step.b, machine, testFields)
        default: return unsafe mark(index, machine, testFields)
        }
    }

    private func markProjection(_ index: Int32, _ machine: Machine) -> Bool {
        let step = machine.instruction(index)
        switch step.operation {
        case .list, .hash:
            if step.operation == .hash {
                let names = machine.expression.program.names[Int(step.c)..<Int(step.c + step.b)]
                guard Set(names).count == names.count else { return false }
            }
            return (0..<step.b).allSatisfy { unsafe mark(machine.operand(step.a + $0), machine, projectionFields) }
        default: return unsafe mark(index, machine, projectionFields)
        }
    }

    /// Notes an operand; false when it is none.
    private func mark(_ index: Int32, _ machine: Machine, _ fields: UnsafeMutableBufferPointer<Int32>) -> Bool {
        let step = machine.instruction(index)
        switch step.operation {
        case .literal: return true
        case .envelope: return step.a >= 0
        default:
            guard let path = machine.expression.program.path(index) else { return false }
            let field = paths.firstIndex(of: path) ?? paths.count
            if field == paths.count { paths.append(path) }
            unsafe fields[Int(index)] = Int32(field)
            return true
        }
    }

    // MARK: Using it

    /// Whether the condition is true; `nil` when the fields do not tell.
    func isMatch(_ fields: Node) -> Bool? {
        guard let test else { return true }
        return truth(test.expression.program.root, test, fields)
    }

    private func truth(_ index: Int32, _ machine: Machine, _ fields: Node) -> Bool? {
        let step = machine.instruction(index)
        switch step.operation {
        case .and:
            guard let left = truth(step.a, machine, fields) else { return nil }
            return left ? truth(step.b, machine, fields) : false
        case .or:
            guard let left = truth(step.a, machine, fields) else { return nil }
            return left ? true : truth(step.b, machine, fields)
        case .not: return truth(step.a, machine, fields).map { !$0 }
        case .compare:
            guard let left = unsafe operand(step.a, machine, fields, testFields),
                let right = unsafe operand(step.b, machine, fields, testFields)
            else { return nil }
            return machine.compare(left, right, step.c).isTrue
        default: return unsafe operand(index, machine, fields, testFields)?.isTrue
        }
    }

    private func operand(
        _ index: Int32,
        _ machine: Machine,
        _ fields: Node,
        _ numbers: UnsafeMutableBufferPointer<Int32>
    ) -> Value? {
        let field = unsafe numbers[Int(index)]
        if field >= 0 {
            let node = unsafe Node(fields.at + Int(field), fields.text)
            switch node.kind {
            case HW_JSON_ARRAY, HW_JSON_OBJECT: return nil
            default: return machine.value(node)
            }
        }
        let step = machine.instruction(index)
        return step.operation == .literal ? machine.literal(step.a) : machine.envelopeValue(step.a)
    }

    /// Writes the projection, if there is one; false when the fields do not tell, and then nothing is written.
    func write(_ fields: Node, to sink: inout ByteSink) -> Bool {
        guard let machine = projection else { return true }
        let length = sink.count
        let root = machine.expression.program.root
        let step = machine.instruction(root)
        guard step.operation == .list || step.operation == .hash else { return write(root, machine, fields, to: &sink) }
        let isHash = step.operation == .hash
        sink.append(UInt8(ascii: isHash ? "{" : "["))
        for index in 0..<step.b {
            if index > 0 { sink.append(UInt8(ascii: ",")) }
            if isHash {
                sink.append(string: machine.name(step.c + index), asASCII: false)
                sink.append(UInt8(ascii: ":"))
            }
            guard write(machine.operand(step.a + index), machine, fields, to: &sink) else {
                sink.truncate(to: length)
                return false
            }
        }
        sink.append(UInt8(ascii: isHash ? "}" : "]"))
        return true
    }

    private func write(_ index: Int32, _ machine: Machine, _ fields: Node, to sink: inout ByteSink) -> Bool {
        let field = unsafe projectionFields[Int(index)]
        if field >= 0 {
            let node = unsafe Node(fields.at + Int(field), fields.text)
            switch node.kind {
            case HW_JSON_ARRAY, HW_JSON_OBJECT: return false
            default: machine.write(node, to: &sink)
            }
            return true
        }
        guard let value = unsafe operand(index, machine, fields, projectionFields) else { return false }
        machine.write(value, to: &sink)
        return true
    }
}

@available(*, unavailable)
extension FieldPlan: Sendable {}
