/// What a step gives: a value of the document where it stands, or one that was made on the way.
enum Value {
    case null
    case boolean(Bool)
    case integer(Int64)
    case double(Double)
    /// An integer beyond 64 bits, its digits without leading zeros.
    case big(Text)
    case string(Text)
    /// An array of the document.
    case array(Node)
    /// An array made on the way.
    case list(List)
    /// An object of the document.
    case object(Node)
    /// An object made on the way, its names different.
    case members(Members)
    /// An expression to be applied by a function, by the number of its step.
    case expression(Int32)

    var typeName: StaticString {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .integer, .double, .big: "number"
        case .string: "string"
        case .array, .list: "array"
        case .object, .members: "object"
        case .expression: "expression"
        }
    }

    /// Everything is true but null, false, and the empty string, array and object.
    var isTrue: Bool {
        switch self {
        case .null: false
        case .boolean(let value): value
        case .integer, .double, .big, .expression: true
        case .string(let text): !text.isEmpty
        case .array(let node), .object(let node): node.count > 0
        case .list(let list): list.count > 0
        case .members(let members): members.count > 0
        }
    }

    var isNull: Bool { if case .null = self { true } else { false } }
    var isNumber: Bool {
        switch self {
        case .integer, .double, .big: true
        default: false
        }
    }
    var isString: Bool { if case .string = self { true } else { false } }
}

/// Values side by side in the arena.
@safe
struct List {
    let start: UnsafeMutablePointer<Value>
    var count: Int

    init(_ start: UnsafeMutablePointer<Value>, _ count: Int) {
        unsafe self.start = start
        self.count = count
    }

    subscript(index: Int) -> Value {
        get { unsafe start[index] }
        nonmutating set { unsafe (start + index).initialize(to: newValue) }
    }

    /// Adds a value; there must be room.
    mutating func append(_ value: Value) {
        self[count] = value
        count += 1
    }
}

/// A member of an object made on the way.
struct Member {
    var name: Text
    var value: Value
}

/// Members side by side in the arena.
@safe
struct Members {
    let start: UnsafeMutablePointer<Member>
    var count: Int

    init(_ start: UnsafeMutablePointer<Member>, _ count: Int) {
        unsafe self.start = start
        self.count = count
    }

    subscript(index: Int) -> Member {
        get { unsafe start[index] }
        nonmutating set { unsafe (start + index).initialize(to: newValue) }
    }

    /// Sets a member at its first place, or adds it at the end, for which there must be room.
    mutating func set(_ name: Text, _ value: Value) {
        for index in 0..<count where self[index].name.isEqual(name) {
            self[index] = Member(name: name, value: value)
            return
        }
        append(name, value)
    }

    /// Adds a member whose name is new; there must be room.
    mutating func append(_ name: Text, _ value: Value) {
        self[count] = Member(name: name, value: value)
        count += 1
    }
}
