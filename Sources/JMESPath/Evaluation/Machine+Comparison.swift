extension Machine {
    /// What a comparator gives: null where an order is asked for of what has none.
    func compare(_ left: Value, _ right: Value, _ comparison: Int32) -> Value {
        guard let comparison = Comparison(rawValue: comparison) else { return .null }
        switch comparison {
        case .equal: return .boolean(isEqual(left, right))
        case .notEqual: return .boolean(!isEqual(left, right))
        default: break
        }
        guard let order = Machine.order(left, right) else { return .null }
        switch comparison {
        case .less: return .boolean(order < 0)
        case .lessOrEqual: return .boolean(order <= 0)
        case .greater: return .boolean(order > 0)
        default: return .boolean(order >= 0)
        }
    }

    /// The order of two numbers or two strings; `nil` for all else.
    static func order(_ left: Value, _ right: Value) -> Int? {
        switch (left, right) {
        case (.string(let left), .string(let right)): left.order(right)
        default: left.isNumber && right.isNumber ? Number.order(left, right) : nil
        }
    }

    /// Whether two values are the same JSON; 1 and 1.0 are, 1 and true are not.
    func isEqual(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): return left.isEqual(right)
        case (.null, .null): return true
        case (.boolean(let left), .boolean(let right)): return left == right
        case (.expression(let left), .expression(let right)): return left == right
        default: break
        }
        if left.isNumber, right.isNumber { return Number.order(left, right) == 0 }
        return isEqualContainer(left, right)
    }

    @inline(never)
    private func isEqualContainer(_ left: Value, _ right: Value) -> Bool {
        if var left = elements(left), var right = elements(right) {
            guard left.count == right.count else { return false }
            while let one = left.next(), let other = right.next() {
                guard isEqual(one, other) else { return false }
            }
            return true
        }
        guard var leftMembers = members(left), var rightMembers = members(right),
            leftMembers.count == rightMembers.count
        else { return false }
        while let one = leftMembers.next(), let other = rightMembers.next() {
            // Mostly both have the same order.
            if one.name.isEqual(other.name) {
                guard isEqual(one.value, other.value) else { return false }
            } else {
                guard let other = member(named: one.name, of: right), isEqual(one.value, other) else { return false }
            }
        }
        return true
    }

    private func member(named name: Text, of object: Value) -> Value? {
        switch object {
        case .object(let node): return find(name, in: node).map { value($0) }
        case .members(let members):
            for index in 0..<members.count where members[index].name.isEqual(name) { return members[index].value }
            return nil
        default: return nil
        }
    }
}
