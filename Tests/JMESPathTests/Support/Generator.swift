/// Expressions and documents that fit each other, from a seed.
struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
    mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &self) ?? "" }

    private static let names = ["a", "b", "c", "d"]
    private static let texts = ["", "x", "y", "ä", "𝄞z", "xyx", "10", "2.5", "line\\nbreak", "\\u00e9\\\"q"]
    /// No 0 and no 1, which the reference confuses with false and true inside arrays.
    private static let numbers = [
        "2", "3", "-7", "2.5", "-0.75", "1e3", "1024.125", "9007199254740993", "12345678901234567890", "-2.50",
        "1E+2", "123456789012345678901234567890", "1e-7", "1e22", "123456789.125",
    ]

    mutating func scalar() -> String {
        switch Int.random(in: 0..<10, using: &self) {
        case 0: "null"
        case 1: "true"
        case 2: "false"
        case 3...6: pick(Self.numbers)
        default: "\"\(pick(Self.texts))\""
        }
    }

    /// A document with a character or three taken away, put in or replaced, without line feeds.
    mutating func broken(_ document: String) -> String {
        var characters = Array(document.unicodeScalars)
        let others = Array("{}[]:,\"\\ 0-+.eEtn\t}],".unicodeScalars)
        for _ in 0..<Int.random(in: 1...3, using: &self) where characters.count > 1 {
            let place = Int.random(in: 1..<characters.count, using: &self)
            let other = others[Int.random(in: 0..<others.count, using: &self)]
            switch Int.random(in: 0..<3, using: &self) {
            case 0: characters.remove(at: place)
            case 1: characters.insert(other, at: place)
            default: characters[place] = other
            }
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: characters)
        return String(text)
    }

    /// A JSON document.
    mutating func document(_ depth: Int) -> String {
        if depth == 0 || chance(10) { return scalar() }
        if chance(40) {
            // Often of one kind, so that functions of arrays have something to work on.
            let kind = Int.random(in: 0..<4, using: &self)
            let count = Int.random(in: 0...4, using: &self)
            return "["
                + (0..<count)
                .map { _ in
                    switch kind {
                    case 0: pick(Self.numbers)
                    case 1: "\"\(pick(Self.texts))\""
                    default: document(depth - 1)
                    }
                }
                .joined(separator: ",") + "]"
        }
        return object(depth)
    }

    mutating func object(_ depth: Int, repeats: Bool = false) -> String {
        var names = Self.names.filter { _ in chance(75) }
        if repeats, chance(20), let name = names.first { names.append(name) }
        return "{" + names.map { "\"\($0)\":\(document(depth - 1))" }.joined(separator: ",") + "}"
    }

    // MARK: Expressions of the fast path

    mutating func path() -> String {
        var text = pick(Self.names)
        while chance(50) { text += chance(25) ? "[\(Int.random(in: 0..<3, using: &self))]" : ".\(pick(Self.names))" }
        return chance(3) ? "@" : text
    }

    mutating func literal() -> String { "`\(chance(10) ? document(1) : scalar())`" }

    mutating func condition(_ depth: Int) -> String {
        if depth > 0, chance(60) {
            switch Int.random(in: 0..<3, using: &self) {
            case 0: return "(\(condition(depth - 1)) && \(condition(depth - 1)))"
            case 1: return "(\(condition(depth - 1)) || \(condition(depth - 1)))"
            default: return "!(\(condition(depth - 1)))"
            }
        }
        if chance(25) { return path() }
        let comparator = pick(["==", "!=", "<", "<=", ">", ">="])
        return "\(path()) \(comparator) \(chance(80) ? literal() : path())"
    }

    mutating func projection() -> String {
        let parts = (0..<Int.random(in: 1...3, using: &self)).map { _ in chance(80) ? path() : literal() }
        switch Int.random(in: 0..<3, using: &self) {
        case 0: return parts[0]
        case 1: return "[\(parts.joined(separator: ", "))]"
        default: return "{" + parts.enumerated().map { "k\($0): \($1)" }.joined(separator: ", ") + "}"
        }
    }

    // MARK: Any expression

    mutating func expression(_ depth: Int) -> String {
        if depth == 0 { return chance(15) ? literal() : path() }
        let inner = expression(depth - 1)
        switch Int.random(in: 0..<18, using: &self) {
        case 0: return "\(inner)[*].\(pick(Self.names))"
        case 1: return "\(inner)[]"
        case 2: return "\(path())[?\(condition(1))].\(pick(Self.names))"
        case 3: return "\(path())[?\(condition(1))]"
        case 4: return "\(path()).*"
        case 5: return "\(inner) | \(expression(depth - 1))"
        case 6: return "\(inner) || \(expression(depth - 1))"
        case 7: return "\(inner) && \(expression(depth - 1))"
        case 8: return "[\(inner), \(expression(depth - 1))]"
        case 9: return "{p: \(inner), q: \(expression(depth - 1))}"
        case 10: return "\(path())[\(bound()):\(bound())\(chance(40) ? ":\(pick(["-1", "2", "-2"]))" : "")]"
        case 11: return "!(\(inner))"
        case 12: return "\(path())[\(Int.random(in: -3..<3, using: &self))]"
        default: return function(depth)
        }
    }

    private mutating func bound() -> String { chance(40) ? "" : "\(Int.random(in: -5...5, using: &self))" }

    private mutating func function(_ depth: Int) -> String {
        let inner = chance(60) ? path() : expression(depth - 1)
        switch Int.random(in: 0..<10, using: &self) {
        case 0: return "\(pick(["sort_by", "min_by", "max_by"]))(\(inner), &\(expression(depth - 1)))"
        case 1: return "map(&\(expression(depth - 1)), \(inner))"
        case 2: return "\(pick(["contains", "starts_with", "ends_with"]))(\(inner), \(chance(50) ? literal() : "'x'"))"
        case 3: return "join('-', \(inner))"
        case 4: return "merge(\(inner), \(path()))"
        case 5: return "not_null(\(inner), \(path()))"
        default:
            let functions = [
                "abs", "avg", "ceil", "floor", "keys", "length", "max", "min", "reverse", "sort", "sum", "to_array",
                "to_number", "to_string", "type", "values",
            ]
            return "\(pick(functions))(\(inner))"
        }
    }
}
