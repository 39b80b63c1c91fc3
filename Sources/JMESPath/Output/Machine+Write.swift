internal import CSimdJSON

extension Machine {
    /// Writes a value as JSON without blanks; with `asASCII` all other characters as escape sequences.
    func write(_ value: Value, to sink: inout ByteSink, asASCII: Bool = false) {
        switch value {
        case .null, .expression: sink.append("null")
        case .boolean(let value): sink.append(value ? "true" : "false")
        case .integer, .big, .double: sink.append(value: value)
        case .string(let text): sink.append(string: text, asASCII: asASCII)
        case .array(let node), .object(let node): write(node, to: &sink, asASCII: asASCII)
        case .list(let list):
            sink.append(UInt8(ascii: "["))
            for index in 0..<list.count {
                if index > 0 { sink.append(UInt8(ascii: ",")) }
                write(list[index], to: &sink, asASCII: asASCII)
            }
            sink.append(UInt8(ascii: "]"))
        case .members(let members): write(members, to: &sink, asASCII: asASCII)
        }
    }

    private func write(_ members: Members, to sink: inout ByteSink, asASCII: Bool) {
        sink.append(UInt8(ascii: "{"))
        for index in 0..<members.count {
            if index > 0 { sink.append(UInt8(ascii: ",")) }
            sink.append(string: members[index].name, asASCII: asASCII)
            sink.append(UInt8(ascii: ":"))
            write(members[index].value, to: &sink, asASCII: asASCII)
        }
        sink.append(UInt8(ascii: "}"))
    }

    /// Writes a value of a document, whose strings and numbers mostly need no look inside.
    func write(_ node: Node, to sink: inout ByteSink, asASCII: Bool = false) {
        switch node.kind {
        case HW_JSON_STRING: sink.append(raw: node.raw, isEscaped: node.isEscaped, asASCII: asASCII, arena: arena)
        case HW_JSON_NUMBER: sink.append(number: node.raw, arena: arena)
        case HW_JSON_TRUE: sink.append("true")
        case HW_JSON_FALSE: sink.append("false")
        case HW_JSON_ARRAY:
            sink.append(UInt8(ascii: "["))
            var element = node.first
            for index in 0..<node.count {
                if index > 0 { sink.append(UInt8(ascii: ",")) }
                write(element, to: &sink, asASCII: asASCII)
                element = element.next
            }
            sink.append(UInt8(ascii: "]"))
        case HW_JSON_OBJECT:
            if node.mayRepeat { return write(distinctMembers(node), to: &sink, asASCII: asASCII) }
            sink.append(UInt8(ascii: "{"))
            var name = node.first
            for index in 0..<node.count {
                if index > 0 { sink.append(UInt8(ascii: ",")) }
                sink.append(raw: name.raw, isEscaped: name.isEscaped, asASCII: asASCII, arena: arena)
                sink.append(UInt8(ascii: ":"))
                let value = name.next
                write(value, to: &sink, asASCII: asASCII)
                name = value.next
            }
            sink.append(UInt8(ascii: "}"))
        default: sink.append("null")
        }
    }
}
