/// One step of a compiled expression; `a`, `b` and `c` mean what its operation says, mostly other steps by number.
struct Instruction: Sendable {
    enum Operation: UInt8, Sendable {
        /// The value the step is applied to.
        case current
        /// Member of the current value; `b` is the number of its name.
        case field
        /// Step `b` applied to the result of step `a`.
        case chain
        /// Member of the result of `a`; `b` is the number of its name.
        case fieldOf
        /// Element of the result of `a`; `b` is its index, negative from the end.
        case elementOf
        /// Slice of the result of `a`; `b` is the number of its bounds.
        case sliceOf
        /// `b` applied to each element of `a`.
        case projection
        /// `b` applied to each member's value of `a`.
        case valueProjection
        /// `b` applied to each element of `a` for which `c` is true.
        case filterProjection
        case flatten
        case or
        case and
        case not
        /// `a` compared with `b`, how says `c`.
        case compare
        /// Literal number `a`.
        case literal
        /// `b` steps from operand `a`.
        case list
        /// Likewise; their names from name `c`.
        case hash
        /// Function `c` of `b` arguments from operand `a`.
        case call
        case expressionReference
        /// The envelope or, when `a` is not negative, one part of it.
        case envelope
    }

    var operation: Operation
    /// How deep the steps below it go.
    var depth: Int32 = 1
    /// Where it stands in the expression, in bytes.
    var offset: Int32
    var a: Int32 = 0
    var b: Int32 = 0
    var c: Int32 = 0
}

/// Comparators.
enum Comparison: Int32 {
    case equal
    case notEqual
    case less
    case lessOrEqual
    case greater
    case greaterOrEqual
}

/// Bounds of a slice, as Python has them.
struct SliceBounds: Sendable {
    var start: Int?
    var stop: Int?
    var step: Int
}

/// A compiled expression: steps by number, the later ones made of earlier ones.
struct Program: Sendable {
    var instructions: [Instruction] = []
    var operands: [Int32] = []
    var names: [[UInt8]] = []
    /// JSON texts.
    var literals: [[UInt8]] = []
    var slices: [SliceBounds] = []
    var root: Int32 = 0
}
