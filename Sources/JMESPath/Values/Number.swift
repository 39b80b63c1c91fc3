/// Numbers as JSON and Python write them.
enum Number {
    /// The value of a number's JSON text.
    static func value(_ text: Text, arena: Arena) -> Value {
        var at = 0
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        if isNegative { at = 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        var scale = 0
        var isExact = true
        while at < text.count {
            let digit = text[at] &- 0x30
            guard digit < 10 else { break }
            if digits < 18 { mantissa = mantissa &* 10 &+ UInt64(digit) } else { isExact = false }
            if mantissa != 0 || !isExact { digits += 1 }
            at += 1
        }
        if at == text.count {
            if isExact { return .integer(isNegative ? -Int64(mantissa) : Int64(mantissa)) }
            return integer(text, arena: arena)
        }
        if text[at] == UInt8(ascii: ".") {
            at += 1
            while at < text.count {
                let digit = text[at] &- 0x30
                guard digit < 10 else { break }
                if digits < 18 {
                    mantissa = mantissa &* 10 &+ UInt64(digit)
                    scale -= 1
                } else {
                    isExact = false
                }
                if mantissa != 0 || !isExact { digits += 1 }
                at += 1
            }
        }
        if at < text.count {
            at += 1
            let isDown = text[at] == UInt8(ascii: "-")
            if isDown || text[at] == UInt8(ascii: "+") { at += 1 }
            var exponent = 0
            while at < text.count {
                exponent = min(exponent * 10 + Int(text[at] &- 0x30), 100_000)
                at += 1
            }
            scale += isDown ? -exponent : exponent
        }
        if isExact, mantissa < 1 << 53, -22...22 ~= scale {
            // Both are exact as doubles, so the one operation rounds correctly (Clinger 1990, "fast path").
            let power = powersOfTen[abs(scale)]
            let value = scale < 0 ? Double(mantissa) / power : Double(mantissa) * power
            return .double(isNegative ? -value : value)
        }
        // The text is a number, so there is a value; too large a one becomes infinite.
        return .double(Double(text.string) ?? .infinity)
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// The value of an integer's text, which may have leading zeros.
    private static func integer(_ text: Text, arena: Arena) -> Value {
        if let value = Int64(text.string) { return .integer(value) }
        let isNegative = text[0] == UInt8(ascii: "-")
        var digits = isNegative ? text.dropFirst(1) : text
        while digits.count > 1, digits[0] == UInt8(ascii: "0") { digits = digits.dropFirst(1) }
        if digits.count + (isNegative ? 1 : 0) == text.count { return .big(text) }
        return .big(arena.copy((isNegative ? "-" : "") + digits.string))
    }

    /// An integer of any of the sizes that sums of 64-bit integers have.
    static func value(_ number: Int128, arena: Arena) -> Value {
        if let small = Int64(exactly: number) { return .integer(small) }
        return .big(arena.copy(String(number)))
    }

    /// A whole double as integer; beyond 128 bits it stays a double.
    static func whole(_ number: Double, arena: Arena) -> Value {
        guard let integer = Int128(exactly: number) else { return .double(number) }
        return value(integer, arena: arena)
    }

    /// The nearest double; `nil` for what is no number.
    static func double(_ value: Value) -> Double? {
        switch value {
        case .integer(let value): Double(value)
        case .double(let value): value
        case .big(let digits): Double(digits.string)
        default: nil
        }
    }

    /// Negative, zero or positive; exact but between a double and an integer beyond 64 bits.
    static func order(_ left: Value, _ right: Value) -> Int {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left < right ? -1 : left > right ? 1 : 0
        case (.double(let left), .double(let right)): left < right ? -1 : left > right ? 1 : 0
        case (.integer(let left), .double(let right)): order(left, right)
        case (.double(let left), .integer(let right)): -order(right, left)
        case (.big(let left), .big(let right)): order(left, right)
        case (.big(let left), .integer): left[0] == UInt8(ascii: "-") ? -1 : 1
        case (.integer, .big(let right)): right[0] == UInt8(ascii: "-") ? 1 : -1
        default: order(.double(double(left) ?? 0), .double(double(right) ?? 0))
        }
    }

    private static func order(_ left: Int64, _ right: Double) -> Int {
        if right >= 0x1p63 { return -1 }
        if right < -0x1p63 { return 1 }
        let whole = right.rounded(.towardZero)
        let other = Int64(whole)
        if left != other { return left < other ? -1 : 1 }
        return whole < right ? -1 : whole > right ? 1 : 0
    }

    private static func order(_ left: Text, _ right: Text) -> Int {
        let leftIsNegative = left[0] == UInt8(ascii: "-")
        let rightIsNegative = right[0] == UInt8(ascii: "-")
        if leftIsNegative != rightIsNegative { return leftIsNegative ? -1 : 1 }
        let order = left.count != right.count ? left.count - right.count : left.order(right)
        return leftIsNegative ? -order : order
    }

    /// The number that a string spells, as the specification's `to_number` wants, or null.
    ///
    /// Beyond JSON's grammar it takes what else Python does with a point or sign: blanks around it, `+`, leading zeros,
    /// and a point without digits on one side.
    static func parse(_ text: Text, arena: Arena) -> Value {
        var text = text
        while let last = text.count > 0 ? text[text.count - 1] : nil, isBlank(last) {
            text = text.prefix(text.count - 1)
        }
        while text.count > 0, isBlank(text[0]) { text = text.dropFirst(1) }
        if text.count > 1, text[0] == UInt8(ascii: "+"), text[1] != UInt8(ascii: "-") { text = text.dropFirst(1) }
        var at = text.count > 0 && text[0] == UInt8(ascii: "-") ? 1 : 0
        func digits() -> Int {
            let start = at
            while at < text.count, text[at] &- 0x30 < 10 { at += 1 }
            return at - start
        }
        let whole = digits()
        var fraction = 0
        if at == text.count { return whole > 0 ? value(text, arena: arena) : .null }
        if text[at] == UInt8(ascii: ".") {
            at += 1
            fraction = digits()
        }
        guard whole + fraction > 0 else { return .null }
        if at < text.count {
            guard text[at] | 0x20 == UInt8(ascii: "e") else { return .null }
            at += 1
            if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") { at += 1 }
            guard digits() > 0, at == text.count else { return .null }
        }
        return value(text, arena: arena)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
}
