internal import EventJournal

/// Reads the time of an event from the text of a field.
enum TimestampField {
    /// Microseconds since 1970 UTC, or what is wrong.
    enum Result: Equatable {
        case value(Int64)
        case fault(LineFault.Kind)
    }

    /// The first second of the year 10000.
    private static let endOfFourDigitYears: Int64 = 253_402_300_800 * 1_000_000

    /// Reads `text`, which was a number or a string in the line.
    static func read(_ text: UnsafeRawBufferPointer, isNumber: Bool, unit: TimestampUnit) -> Result {
        guard let power = unit.powerOfTen, isNumber || unit != .automatic else {
            if isNumber { return .fault(.wrongKind) }
            return unsafe Timestamp.parse(text).map(Result.value) ?? .fault(.notRFC3339)
        }
        switch unsafe DecimalNumber.parse(text, timesTenTo: power) {
        case .value(let value):
            if unit == .automatic, value >= endOfFourDigitYears { return .fault(.notSeconds) }
            return .value(value)
        case .outOfRange: return .fault(unit == .automatic ? .notSeconds : .outOfRange)
        case .notANumber: return .fault(.notNumber)
        }
    }
}

extension TimestampUnit {
    /// Reads the time of an event from a JSON value without blanks: a string or a number.
    ///
    /// - Parameter json: As JMESPath writes values.
    /// - Returns: Microseconds since 1970 UTC; `nil` when the value is no time in this unit.
    package func microseconds(ofJSON json: [UInt8]) -> Int64? {
        guard let first = json.first else { return nil }
        let isText = first == UInt8(ascii: "\"")
        guard isText || first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return nil
        }
        // A time has no character that JSON escapes; one with an escape is read as what it says, and is no time.
        let text = isText ? json.dropFirst().dropLast() : json[...]
        let result = unsafe text.withUnsafeBytes { bytes in
            unsafe TimestampField.read(bytes, isNumber: !isText, unit: self)
        }
        if case .value(let microseconds) = result, microseconds != .min { return microseconds }
        return nil
    }
}
