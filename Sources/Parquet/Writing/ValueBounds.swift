/// The bounds of a run of values on the way to ``Statistics`` or a ``ColumnIndex``.
struct ValueBounds {
    /// How many bytes of a byte string are kept.
    static var prefixByteCount: Int { 64 }

    /// The least value, or its first ``prefixByteCount`` bytes.
    var minimum: [UInt8]
    /// The greatest value, or its first ``prefixByteCount`` bytes.
    var maximum: [UInt8]
    /// Whether the least value is whole.
    var isMinimumExact = true
    /// Whether the greatest value is whole.
    var isMaximumExact = true

    /// Widens the bounds by those of another run.
    mutating func formUnion(_ other: ValueBounds, _ order: ValueOrder) {
        // Cutting keeps the order, so prefixes can be compared; of equal minima a whole one is the lesser, of equal
        // maxima a cut one is the greater.
        if order.isLess(other.minimum, minimum) {
            minimum = other.minimum
            isMinimumExact = other.isMinimumExact
        } else if other.isMinimumExact && other.minimum == minimum {
            isMinimumExact = true
        }
        if order.isLess(maximum, other.maximum) {
            maximum = other.maximum
            isMaximumExact = other.isMaximumExact
        } else if !other.isMaximumExact && other.maximum == maximum {
            isMaximumExact = false
        }
    }

    /// A value no value is below, fit to be written.
    func lowerBound(isText: Bool) -> [UInt8] {
        if isMinimumExact || !isText { return minimum }
        return Array(minimum[..<Self.wholeCharacters(minimum)])
    }

    /// A value no value is above, fit to be written; `nil` when a cut value has no successor.
    func upperBound(isText: Bool) -> [UInt8]? {
        if isMaximumExact { return maximum }
        return isText ? Self.nextText(maximum) ?? Self.nextBytes(maximum) : Self.nextBytes(maximum)
    }

    /// How many bytes of a cut text are whole characters; all of them if it is not UTF-8 in the first place.
    private static func wholeCharacters(_ bytes: [UInt8]) -> Int {
        var start = bytes.count
        // A character has at most three bytes behind its first.
        while start > 0 && bytes.count - start < 4 {
            start -= 1
            let byte = bytes[start]
            if byte & 0xc0 == 0x80 { continue }
            let length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
            return start + length <= bytes.count ? bytes.count : start
        }
        return bytes.count
    }

    /// The least text above every text that begins with `bytes`; `nil` when there is none or it is not UTF-8.
    private static func nextText(_ bytes: [UInt8]) -> [UInt8]? {
        // Nearly always it ends in a character of one byte, whose successor has one too.
        if let last = bytes.last, last < 0x7f {
            var result = bytes
            result[result.count - 1] = last + 1
            return result
        }
        guard let text = String(validating: bytes[..<wholeCharacters(bytes)], as: UTF8.self) else { return nil }
        var scalars = Array(text.unicodeScalars)
        while let last = scalars.popLast() {
            if last.value == 0x10ffff { continue }
            // Surrogates are no scalars.
            guard let next = Unicode.Scalar(last.value == 0xd7ff ? 0xe000 : last.value + 1) else { return nil }
            scalars.append(next)
            var result = String.UnicodeScalarView()
            result.append(contentsOf: scalars)
            return Array(String(result).utf8)
        }
        return nil
    }

    /// The least byte string above every one that begins with `bytes`; `nil` when all are 0xff.
    private static func nextBytes(_ bytes: [UInt8]) -> [UInt8]? {
        guard let last = bytes.lastIndex(where: { $0 != 0xff }) else { return nil }
        var result = Array(bytes[...last])
        result[last] += 1
        return result
    }
}
