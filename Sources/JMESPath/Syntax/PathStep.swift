/// One step of a plain path.
package enum PathStep: Sendable, Hashable {
    /// The member of an object, by its name in UTF-8; the last one of that name when there are several.
    case member([UInt8])
    /// The element of an array, from 0.
    case element(Int32)
}

extension Program {
    /// The steps of a chain of names and indexes from the front, behind those of `base`; `nil` for anything else.
    func path(_ index: Int32, from base: [PathStep] = []) -> [PathStep]? {
        let step = instructions[Int(index)]
        switch step.operation {
        case .current: return base
        case .field: return base + [.member(names[Int(step.b)])]
        case .fieldOf: return path(step.a, from: base).map { $0 + [.member(names[Int(step.b)])] }
        case .elementOf where step.b >= 0: return path(step.a, from: base).map { $0 + [.element(step.b)] }
        case .chain: return path(step.a, from: base).flatMap { path(step.b, from: $0) }
        default: return nil
        }
    }
}
