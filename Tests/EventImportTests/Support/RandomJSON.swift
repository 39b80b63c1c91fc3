/// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators"), so that a seed tells all.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Random JSON in all its spellings.
struct RandomJSON {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func value(depth: Int = 0) -> String {
        switch Int.random(in: 0..<(depth > 4 ? 5 : 8), using: &generator) {
        case 0: ["true", "false", "null"].randomElement(using: &generator) ?? "null"
        case 1, 2: number()
        case 3, 4: string(text())
        case 5, 6: object(members: (0..<count()).map { _ in (text(), value(depth: depth + 1)) })
        default: "[" + space() + (0..<count()).map { _ in value(depth: depth + 1) }.joined(separator: comma()) + "]"
        }
    }

    mutating func object(members: [(name: String, value: String)]) -> String {
        "{" + space() + members.map { string($0.name) + space() + ":" + space() + $0.value }.joined(separator: comma())
            + space() + "}"
    }

    mutating func text() -> String {
        let parts = [
            "a", "Z", "9", " ", "\"", "\\", "/", "\u{0}", "\n", "\t", "é", "€", "𝄞", "{", "]", ":", ",", "\u{7f}",
        ]
        let length = [0, 1, 3, 8, 70][Int.random(in: 0..<5, using: &generator)]
        return (0..<length).map { _ in parts.randomElement(using: &generator) ?? "" }.joined()
    }

    /// A JSON string that stands for `text`, some characters escaped though they need not be.
    mutating func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            let must = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            guard must || Int.random(in: 0..<8, using: &generator) == 0 else {
                result.unicodeScalars.append(scalar)
                continue
            }
            switch scalar {
            case "\"", "\\", "/": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default: for unit in String(scalar).utf16 { result += escape(unit) }
            }
        }
        return result + "\""
    }

    mutating func number() -> String {
        ["0", "-0", "7", "-12.5", "1e5", "0.1E-7", "123456789012345678", "3.14159265358979", "1E+2"]
            .randomElement(using: &generator) ?? "0"
    }

    mutating func space() -> String { ["", "", "", " ", "\t", "  "].randomElement(using: &generator) ?? "" }

    private mutating func comma() -> String { space() + "," + space() }

    private mutating func count() -> Int { Int.random(in: 0..<4, using: &generator) }

    private mutating func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16, uppercase: Bool.random(using: &generator))
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
