/// Numbers from their JSON text.
enum DecimalText {
    /// The digits of a number: its value is mantissa times ten to the power of the exponent.
    private struct Digits {
        var mantissa: UInt64 = 0
        var exponent = 0
        var isNegative = false
        /// Whether no digit was left out.
        var isExact = true
    }

    /// A whole number of 64 bits, whichever way it is written; `nil` for any other.
    static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard var digits = unsafe scan(text) else { return nil }
        guard digits.isExact else { return unsafe Int64(String(decoding: text, as: UTF8.self)) }
        while digits.exponent < 0, digits.mantissa != 0 {
            guard digits.mantissa % 10 == 0 else { return nil }
            digits.mantissa /= 10
            digits.exponent += 1
        }
        while digits.exponent > 0, digits.mantissa != 0 {
            let (product, overflow) = digits.mantissa.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            digits.mantissa = product
            digits.exponent -= 1
        }
        if digits.isNegative {
            return digits.mantissa <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- digits.mantissa) : nil
        }
        return Int64(exactly: digits.mantissa)
    }

    /// The nearest double; `nil` beyond the largest.
    static func double(_ text: UnsafeRawBufferPointer) -> Double? {
        guard let digits = unsafe scan(text) else { return nil }
        if digits.isExact, digits.mantissa < 1 << 53, -22...22 ~= digits.exponent {
            // Both are exact as doubles, so the one operation rounds correctly (Clinger 1990, "fast path").
            let power = powersOfTen[abs(digits.exponent)]
            let value =
                digits.exponent < 0 ? Double(digits.mantissa) / power : Double(digits.mantissa) * power
            return digits.isNegative ? -value : value
        }
        guard let value = unsafe Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    private static func scan(_ text: UnsafeRawBufferPointer) -> Digits? {
        var digits = Digits()
        var at = 0
        if unsafe at < text.count && text[at] == UInt8(ascii: "-") {
            digits.isNegative = true
            at += 1
        }
        var hasPoint = false
        while at < text.count {
            let byte = unsafe text[at]
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else if 0x30...0x39 ~= byte {
                let (tens, overflow) = digits.mantissa.multipliedReportingOverflow(by: 10)
                let (sum, carry) = tens.addingReportingOverflow(UInt64(byte & 15))
                if overflow || carry { digits.isExact = false } else { digits.mantissa = sum }
                if hasPoint { digits.exponent -= 1 }
            } else {
                break
            }
            at += 1
        }
        if at == text.count { return digits }
        guard unsafe text[at] | 0x20 == UInt8(ascii: "e"), at + 1 < text.count else { return nil }
        at += 1
        let isDown = unsafe text[at] == UInt8(ascii: "-")
        if unsafe isDown || text[at] == UInt8(ascii: "+") { at += 1 }
        var exponent = 0
        while at < text.count {
            let byte = unsafe text[at]
            guard 0x30...0x39 ~= byte else { return nil }
            exponent = min(exponent * 10 + Int(byte & 15), 100_000)
            at += 1
        }
        digits.exponent += isDown ? -exponent : exponent
        return digits
    }
}
