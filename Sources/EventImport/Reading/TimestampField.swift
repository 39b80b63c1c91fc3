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
