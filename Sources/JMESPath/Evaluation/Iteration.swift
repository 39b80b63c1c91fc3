/// The elements of an array, wherever it is.
struct Elements {
    private enum Place {
        case document(Node)
        case made(List)
    }

    private var place: Place
    private var index = 0
    let count: Int
    private let machine: Machine

    init(_ node: Node, _ machine: Machine) {
        place = .document(node.first)
        count = node.count
        self.machine = machine
    }

    init(_ list: List, _ machine: Machine) {
        place = .made(list)
        count = list.count
        self.machine = machine
    }

    mutating func next() -> Value? {
        guard index < count else { return nil }
        defer { index += 1 }
        switch place {
        case .made(let list): return list[index]
        case .document(let node):
            place = .document(node.next)
            return machine.value(node)
        }
    }
}

/// The members of an object, each name once, wherever it is.
struct MemberIterator {
    private enum Place {
        case document(Node)
        case made(Members)
    }

    private var place: Place
    private var index = 0
    let count: Int
    private let machine: Machine

    init(_ node: Node, _ machine: Machine) {
        self.machine = machine
        if node.mayRepeat {
            let members = machine.distinctMembers(node)
            place = .made(members)
            count = members.count
        } else {
            place = .document(node.first)
            count = node.count
        }
    }

    init(_ members: Members, _ machine: Machine) {
        place = .made(members)
        count = members.count
        self.machine = machine
    }

    mutating func next() -> Member? {
        guard index < count else { return nil }
        defer { index += 1 }
        switch place {
        case .made(let members): return members[index]
        case .document(let name):
            let node = name.next
            place = .document(node.next)
            return Member(name: machine.text(name), value: machine.value(node))
        }
    }
}

extension Machine {
    /// The elements of an array; `nil` when the value is none.
    func elements(_ value: Value) -> Elements? {
        switch value {
        case .array(let node): Elements(node, self)
        case .list(let list): Elements(list, self)
        default: nil
        }
    }

    /// The members of an object; `nil` when the value is none.
    func members(_ value: Value) -> MemberIterator? {
        switch value {
        case .object(let node): MemberIterator(node, self)
        case .members(let members): MemberIterator(members, self)
        default: nil
        }
    }

    /// All elements side by side.
    func list(_ elements: Elements) -> List {
        var elements = elements
        var list = arena.list(elements.count)
        while let value = elements.next() { list.append(value) }
        return list
    }

    /// The text of a string's node.
    func text(_ node: Node) -> Text { node.isEscaped ? arena.unescape(node.raw) : node.raw }

    /// The members of an object in which names may be equal: each stands where its name is first, with its last value.
    @inline(never)
    func distinctMembers(_ object: Node) -> Members {
        // In the order of names, equal ones in theirs, so that equal ones are neighbours.
        var all: [(name: Text, value: Node, place: Int)] = []
        all.reserveCapacity(object.count)
        var node = object.first
        for place in 0..<object.count {
            all.append((text(node), node.next, place))
            node = node.next.next
        }
        all.sort { left, right in
            let order = left.name.order(right.name)
            return order != 0 ? order < 0 : left.place < right.place
        }
        var distinct: [(name: Text, value: Node, place: Int)] = []
        for member in all {
            if let last = distinct.last, last.name.isEqual(member.name) {
                distinct[distinct.count - 1].value = member.value
            } else {
                distinct.append(member)
            }
        }
        distinct.sort { $0.place < $1.place }
        var members = arena.members(distinct.count)
        for member in distinct { members.append(member.name, value(member.value)) }
        return members
    }
}
