/// A number as JSON writes it, scaled by a power of ten and rounded down to an integer, without binary fractions.
enum DecimalNumber {
    /// The result of reading one.
    enum Result: Equatable {
        case value(Int64)
        case outOfRange
        case notANumber
    }

    /// Reads `text` times ten to the power of `power`; what is finer than 1 is rounded towards minus infinity.
    ///
    /// - Complexity: O(n), without allocation.
    static func parse(_ text: UnsafeRawBufferPointer, timesTenTo power: Int) -> Result {
        var scanner = unsafe Scanner(text: text)
        let negative = scanner.take("-")
        guard scanner.digits(areFraction: false) else { return .notANumber }
        if scanner.take(".") {
            guard scanner.digits(areFraction: true) else { return .notANumber }
        }
        var exponent = power + scanner.exponent
        if scanner.take("e") || scanner.take("E") {
            guard let written = scanner.writtenExponent() else { return .notANumber }
            exponent += written
        }
        guard scanner.isAtEnd else { return .notANumber }
        var magnitude = scanner.mantissa
        var isInexact = scanner.isInexact
        if magnitude == 0 { return .value(0) }
        while exponent > 0 {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            if overflow { return .outOfRange }
            magnitude = product
            exponent -= 1
        }
        while exponent < 0, magnitude > 0 {
            isInexact = isInexact || magnitude % 10 != 0
            magnitude /= 10
            exponent += 1
        }
        if negative, isInexact { magnitude += 1 }
        // `.min` itself is no timestamp: it stands for "before all".
        guard let value = Int64(exactly: magnitude) else { return .outOfRange }
        return .value(negative ? -value : value)
    }

    @safe
    private struct Scanner {
        let text: UnsafeRawBufferPointer
        var position = 0
        /// The first 19 or 20 digits that count, as many as fit.
        var mantissa: UInt64 = 0
        /// The power of ten that the digits left out and those behind the point make.
        var exponent = 0
        /// Whether a digit left out was not zero.
        var isInexact = false

        init(text: UnsafeRawBufferPointer) { unsafe self.text = text }

        var isAtEnd: Bool { unsafe position == text.count }

        private var digit: UInt64? {
            guard unsafe position < text.count else { return nil }
            let value = unsafe text[position] &- UInt8(ascii: "0")
            return value < 10 ? UInt64(value) : nil
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard unsafe position < text.count, unsafe text[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func digits(areFraction: Bool) -> Bool {
            let start = position
            while let digit {
                if mantissa < UInt64.max / 10 {
                    mantissa = mantissa * 10 + digit
                    exponent -= areFraction ? 1 : 0
                } else {
                    isInexact = isInexact || digit != 0
                    exponent += areFraction ? 0 : 1
                }
                position += 1
            }
            return position > start
        }

        /// The exponent as written, at most a million either way.
        mutating func writtenExponent() -> Int? {
            let negative = take("-")
            if !negative { _ = take("+") }
            let start = position
            var value = 0
            while let digit {
                value = min(value * 10 + Int(digit), 1_000_000)
                position += 1
            }
            return position > start ? (negative ? -value : value) : nil
        }
    }
}
