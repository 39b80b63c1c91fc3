extension Machine {
    /// Calls a function of the specification.
    @inline(never)
    func call(_ index: Int32, _ step: Instruction, _ current: Value) throws(JMESPathError) -> Value {
        guard let function = Function(rawValue: step.c) else { return .null }
        var arguments = arena.list(Int(step.b))
        for argument in 0..<step.b {
            let value = try evaluate(operand(step.a + argument), current)
            try check(value, Int(argument), function, operand(step.a + argument))
            arguments.append(value)
        }
        return try apply(function, arguments, index)
    }

    private func apply(_ function: Function, _ arguments: List, _ index: Int32) throws(JMESPathError) -> Value {
        let first = arguments[0]
        switch function {
        case .abs: return absolute(first)
        case .ceil: return rounded(first, .up)
        case .floor: return rounded(first, .down)
        case .sum: return sum(first)
        case .avg: return average(first)
        case .contains: return .boolean(contains(first, arguments[1]))
        case .startsWith: return .boolean(text(first).starts(with: text(arguments[1])))
        case .endsWith: return .boolean(text(first).ends(with: text(arguments[1])))
        case .join: return join(text(first), arguments[1])
        case .length: return .integer(Int64(length(first)))
        case .reverse: return reverse(first)
        case .keys: return keys(first)
        case .values: return values(first)
        case .merge: return merge(arguments)
        case .map: return try map(first, arguments[1])
        case .max: return extreme(first, isMaximum: true)
        case .min: return extreme(first, isMaximum: false)
        case .sort: return sort(first)
        case .maxBy: return try extreme(first, by: arguments[1], isMaximum: true, index)
        case .minBy: return try extreme(first, by: arguments[1], isMaximum: false, index)
        case .sortBy: return try sort(first, by: arguments[1], index)
        case .notNull:
            for argument in 0..<arguments.count where !arguments[argument].isNull { return arguments[argument] }
            return .null
        case .toArray:
            if elements(first) != nil { return first }
            var list = arena.list(1)
            list.append(first)
            return .list(list)
        case .toNumber: return number(first)
        case .toString: return string(first)
        case .type: return .string(Text(first.typeName))
        }
    }

    // MARK: Types

    private func check(_ value: Value, _ place: Int, _ function: Function, _ step: Int32) throws(JMESPathError) {
        let parameter = function.parameter(place)
        if fits(value, parameter) { return }
        throw failure(
            .invalidType,
            "\(function.name)() takes \(parameter.description) as argument \(place + 1); this is \(describe(value)).",
            at: step
        )
    }

    private func describe(_ value: Value) -> String {
        guard var elements = elements(value) else {
            if case .null = value { return "null" }
            let name = Text(value.typeName).string
            return (name == "array" || name == "object" || name == "expression" ? "an " : "a ") + name
        }
        guard let first = elements.next() else { return "an empty array" }
        while let other = elements.next() {
            if Text(other.typeName).string != Text(first.typeName).string { return "an array of several types" }
        }
        let name = Text(first.typeName).string
        return "an array of \(name == "null" ? "nulls" : name + "s")"
    }

    private func fits(_ value: Value, _ parameter: Function.Parameter) -> Bool {
        if case .expression = value {
            if case .expression = parameter { return true }
            return false
        }
        switch parameter {
        case .any: return true
        case .number: return value.isNumber
        case .string: return value.isString
        case .array: return elements(value) != nil
        case .object: return isObject(value)
        case .expression: return false
        case .numbers: return elements(value).map { all($0, { $0.isNumber }) } ?? false
        case .strings: return elements(value).map { all($0, { $0.isString }) } ?? false
        case .numbersOrStrings:
            guard let elements = elements(value) else { return false }
            return all(elements, { $0.isNumber }) || all(elements, { $0.isString })
        case .arrayOrString: return value.isString || elements(value) != nil
        case .arrayObjectOrString: return value.isString || elements(value) != nil || isObject(value)
        }
    }

    private func isObject(_ value: Value) -> Bool {
        switch value {
        case .object, .members: true
        default: false
        }
    }

    private func all(_ elements: Elements, _ isRight: (Value) -> Bool) -> Bool {
        var elements = elements
        while let value = elements.next() { if !isRight(value) { return false } }
        return true
    }

    /// The text of an argument that was checked to be a string.
    private func text(_ value: Value) -> Text {
        if case .string(let text) = value { return text }
        return unsafe Text(nil, 0)
    }

    // MARK: Strings

    private func contains(_ subject: Value, _ search: Value) -> Bool {
        if case .string(let subject) = subject {
            guard case .string(let search) = search else { return false }
            return subject.contains(search)
        }
        guard var elements = elements(subject) else { return false }
        while let value = elements.next() { if isEqual(value, search) { return true } }
        return false
    }

    private func join(_ glue: Text, _ strings: Value) -> Value {
        guard let elements = elements(strings) else { return .null }
        var length = max(0, elements.count - 1) * glue.count
        var counting = elements
        while let value = counting.next() { length += text(value).count }
        let output = unsafe arena.text(length)
        var at = 0
        func append(_ text: Text) {
            guard let from = unsafe text.start else { return }
            unsafe (output + at).update(from: from, count: text.count)
            at += text.count
        }
        var copying = elements
        var isFirst = true
        while let value = copying.next() {
            if !isFirst { append(glue) }
            isFirst = false
            append(text(value))
        }
        return unsafe .string(Text(output, length))
    }

    private func length(_ value: Value) -> Int {
        if case .string(let text) = value { return text.scalarCount }
        return elements(value)?.count ?? members(value)?.count ?? 0
    }

    private func reverse(_ value: Value) -> Value {
        guard case .string(let text) = value else {
            guard let elements = elements(value) else { return .null }
            let list = list(elements)
            var reversed = arena.list(list.count)
            for index in stride(from: list.count - 1, through: 0, by: -1) { reversed.append(list[index]) }
            return .list(reversed)
        }
        let output = unsafe arena.text(text.count)
        var end = text.count
        var at = 0
        while end > 0 {
            var start = end - 1
            while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
            for index in start..<end {
                unsafe output[at] = text[index]
                at += 1
            }
            end = start
        }
        return unsafe .string(Text(output, text.count))
    }

    private func string(_ value: Value) -> Value {
        if value.isString { return value }
        var sink = ByteSink()
        defer { sink.deallocate() }
        write(value, to: &sink, asASCII: true)
        return unsafe .string(arena.copy(UnsafeRawBufferPointer(sink.bytes)))
    }

    // MARK: Objects

    private func keys(_ value: Value) -> Value {
        guard var members = members(value) else { return .null }
        var list = arena.list(members.count)
        while let member = members.next() { list.append(.string(member.name)) }
        return .list(list)
    }

    private func values(_ value: Value) -> Value {
        guard var members = members(value) else { return .null }
        var list = arena.list(members.count)
        while let member = members.next() { list.append(member.value) }
        return .list(list)
    }

    private func merge(_ objects: List) -> Value {
        var total = 0
        for index in 0..<objects.count { total += members(objects[index])?.count ?? 0 }
        var result = arena.members(total)
        for index in 0..<objects.count {
            guard var members = members(objects[index]) else { continue }
            while let member = members.next() {
                if index == 0 {
                    result.append(member.name, member.value)
                } else {
                    result.set(member.name, member.value)
                }
            }
        }
        return .members(result)
    }

    private func map(_ expression: Value, _ array: Value) throws(JMESPathError) -> Value {
        guard case .expression(let step) = expression, var elements = elements(array) else { return .null }
        var list = arena.list(elements.count)
        while let value = elements.next() { list.append(try evaluate(step, value)) }
        return .list(list)
    }
}

extension Function {
    /// What argument `place` has to be; the last parameter stands for all beyond it.
    func parameter(_ place: Int) -> Parameter {
        switch (self, place) {
        case (.abs, _), (.ceil, _), (.floor, _): .number
        case (.avg, _), (.sum, _): .numbers
        case (.contains, 0), (.reverse, _): .arrayOrString
        case (.endsWith, _), (.startsWith, _), (.join, 0): .string
        case (.join, _): .strings
        case (.keys, _), (.values, _), (.merge, _): .object
        case (.length, _): .arrayObjectOrString
        case (.map, 0), (.maxBy, 1), (.minBy, 1), (.sortBy, 1): .expression
        case (.map, _), (.maxBy, _), (.minBy, _), (.sortBy, _): .array
        case (.max, _), (.min, _), (.sort, _): .numbersOrStrings
        default: .any
        }
    }
}
