extension ByteSink {
    /// A number as it stands in a document, in the one way in which each is written.
    ///
    /// Most are in that form already: at most 15 significant digits, no exponent, no zero at the end.
    mutating func append(number raw: Text, arena: Arena) {
        var significant = 0
        var point = -1
        var at = raw[0] == UInt8(ascii: "-") ? 1 : 0
        let first = at
        var leading = 0
        while at < raw.count {
            let byte = raw[at]
            if byte == UInt8(ascii: ".") {
                point = at
            } else if byte &- 0x30 < 10 {
                if significant > 0 || byte != 0x30 { significant += 1 } else { leading += 1 }
            } else {
                return append(value: Number.value(raw, arena: arena))
            }
            at += 1
        }
        if point < 0 {
            // An integer keeps its digits, however many; there is one zero only.
            return raw.count == 2 && first == 1 && raw[1] == 0x30 ? append(UInt8(ascii: "0")) : append(raw)
        }
        let endsInZero = raw[raw.count - 1] == 0x30
        let isShort = significant <= 15 && (leading <= 4 || significant == 0)
        if isShort, !endsInZero || raw.count == point + 2 { return append(raw) }
        append(value: Number.value(raw, arena: arena))
    }

    /// A number; nothing else.
    mutating func append(value: Value) {
        switch value {
        case .integer(let value): append(integer: value)
        case .big(let digits): append(digits)
        case .double(let value): append(double: value)
        default: append("null")
        }
    }

    /// An integer in decimal.
    mutating func append(integer: Int64) {
        if integer < 0 { append(UInt8(ascii: "-")) }
        var rest = integer.magnitude
        var place: UInt64 = 1
        while rest / place >= 10 { place *= 10 }
        while place > 0 {
            append(UInt8(ascii: "0") + UInt8(rest / place))
            rest %= place
            place /= 10
        }
    }

    /// The shortest digits that read as `double`, laid out as Python does: an exponent from 1e16 and below 1e-4.
    ///
    /// What is too large for a double becomes 1e999, which is JSON and reads as infinite.
    mutating func append(double: Double) {
        guard double.isFinite else { return append(double < 0 ? "-1e999" : "1e999") }
        if double.sign == .minus { append(UInt8(ascii: "-")) }
        if double == 0 { return append("0.0") }
        var digits: [UInt8] = []
        var point = 0
        var exponent = 0
        var seesPoint = false
        let text = Array(double.magnitude.description.utf8)
        var at = 0
        while at < text.count, text[at] != UInt8(ascii: "e") {
            if text[at] == UInt8(ascii: ".") {
                seesPoint = true
            } else {
                if !seesPoint { point += 1 }
                digits.append(text[at])
            }
            at += 1
        }
        if at < text.count { exponent = Int(String(decoding: text[(at + 1)...], as: UTF8.self)) ?? 0 }
        while digits.count > 1, digits.last == 0x30 { digits.removeLast() }
        let zeros = digits.prefix { $0 == 0x30 }.count
        digits.removeFirst(zeros)
        point += exponent - zeros
        layOut(digits, point)
    }

    /// Writes digits whose decimal point stands behind the first `point` of them.
    private mutating func layOut(_ digits: [UInt8], _ point: Int) {
        if -4 < point, point <= 16 {
            if point <= 0 { append("0.") }
            for _ in 0..<max(0, -point) { append(0x30) }
            for (index, digit) in digits.enumerated() {
                if index == point, index > 0 { append(UInt8(ascii: ".")) }
                append(digit)
            }
            if point >= digits.count {
                for _ in digits.count..<point { append(0x30) }
                append(".0")
            }
            return
        }
        append(digits[0])
        if digits.count > 1 { append(UInt8(ascii: ".")) }
        for digit in digits.dropFirst() { append(digit) }
        let exponent = point - 1
        append(exponent < 0 ? "e-" : "e+")
        if abs(exponent) < 10 { append(0x30) }
        append(integer: Int64(abs(exponent)))
    }
}
