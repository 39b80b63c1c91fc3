extension Machine {
    // MARK: Numbers

    func absolute(_ value: Value) -> Value {
        switch value {
        case .integer(let number):
            number == .min ? Number.value(-Int128(number), arena: arena) : .integer(abs(number))
        case .double(let number): .double(abs(number))
        case .big(let digits): digits[0] == UInt8(ascii: "-") ? .big(digits.dropFirst(1)) : value
        default: .null
        }
    }

    func rounded(_ value: Value, _ rule: FloatingPointRoundingRule) -> Value {
        guard case .double(let number) = value else { return value }
        return Number.whole(number.rounded(rule), arena: arena)
    }

    /// Integers are added exactly as long as 128 bits hold them; with the first double, or beyond that, all becomes
    /// double.
    func sum(_ array: Value) -> Value {
        guard var elements = elements(array) else { return .null }
        var exact: Int128 = 0
        var inexact: Double?
        while let value = elements.next() {
            if let sum = inexact {
                inexact = sum + (Number.double(value) ?? 0)
                continue
            }
            let (sum, overflow) = exact.addingReportingOverflow(Machine.integer(value) ?? 0)
            if Machine.integer(value) == nil || overflow {
                inexact = Double(exact) + (Number.double(value) ?? 0)
            } else {
                exact = sum
            }
        }
        return inexact.map { .double($0) } ?? Number.value(exact, arena: arena)
    }

    private static func integer(_ value: Value) -> Int128? {
        switch value {
        case .integer(let number): Int128(number)
        case .big(let digits): Int128(digits.string)
        default: nil
        }
    }

    func average(_ array: Value) -> Value {
        guard let elements = elements(array), elements.count > 0, let sum = Number.double(sum(array)) else {
            return .null
        }
        return .double(sum / Double(elements.count))
    }

    func number(_ value: Value) -> Value {
        if value.isNumber { return value }
        guard case .string(let text) = value else { return .null }
        return Number.parse(text, arena: arena)
    }

    // MARK: Order

    /// The first of the largest, or smallest.
    func extreme(_ array: Value, isMaximum: Bool) -> Value {
        guard var elements = elements(array), var best = elements.next() else { return .null }
        while let value = elements.next() {
            guard let order = Machine.order(value, best) else { continue }
            if isMaximum ? order > 0 : order < 0 { best = value }
        }
        return best
    }

    func extreme(
        _ array: Value,
        by expression: Value,
        isMaximum: Bool,
        _ index: Int32
    ) throws(JMESPathError) -> Value {
        guard let elements = elements(array), elements.count > 0 else { return .null }
        let list = list(elements)
        let keys = try keys(list, expression, index)
        var best = 0
        for place in 1..<max(list.count, 1) {
            guard let order = Machine.order(keys[place], keys[best]) else { continue }
            if isMaximum ? order > 0 : order < 0 { best = place }
        }
        return list[best]
    }

    func sort(_ array: Value) -> Value {
        guard let elements = elements(array) else { return .null }
        let list = list(elements)
        return sorted(list, by: list)
    }

    func sort(_ array: Value, by expression: Value, _ index: Int32) throws(JMESPathError) -> Value {
        guard let elements = elements(array) else { return .null }
        let list = list(elements)
        return sorted(list, by: try keys(list, expression, index))
    }

    /// What an expression gives for each element: all numbers, or all strings.
    private func keys(_ list: List, _ expression: Value, _ index: Int32) throws(JMESPathError) -> List {
        var keys = arena.list(list.count)
        guard case .expression(let step) = expression else { return keys }
        for place in 0..<list.count {
            let key = try evaluate(step, list[place])
            guard key.isNumber || key.isString, place == 0 || key.isNumber == keys[0].isNumber else {
                let function = Function(rawValue: instruction(index).c)?.name ?? ""
                let found = Text(key.typeName).string
                throw failure(
                    .invalidType,
                    "\(function)() needs keys that are all numbers or all strings; that of element \(place) is "
                        + "\(found == "array" || found == "object" ? "an" : "a") \(found).",
                    at: step
                )
            }
            keys.append(key)
        }
        return keys
    }

    private func sorted(_ list: List, by keys: List) -> Value {
        // Places break ties, so that what is equal stays in its order.
        let order = (0..<list.count)
            .sorted { left, right in
                let order = Machine.order(keys[left], keys[right]) ?? 0
                return order != 0 ? order < 0 : left < right
            }
        var result = arena.list(list.count)
        for place in order { result.append(list[place]) }
        return .list(result)
    }
}
