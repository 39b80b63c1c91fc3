/// How a field says when an event happened.
public enum TimestampUnit: String, Sendable, Hashable, CaseIterable {
    /// Text as in ``rfc3339``, or a number as in ``seconds`` up to the year 9999.
    ///
    /// Larger numbers are refused, since they are milliseconds or finer more often than not.
    case automatic
    /// Text: a date, or a date and time with or without an offset (RFC 3339; no offset means UTC).
    case rfc3339
    /// Seconds since 1970 UTC, fractions allowed, as a number or as text.
    case seconds
    /// Milliseconds since 1970 UTC.
    case milliseconds
    /// Microseconds since 1970 UTC.
    case microseconds
    /// Nanoseconds since 1970 UTC.
    case nanoseconds

    /// The power of ten by which a number becomes microseconds; `nil` for text.
    var powerOfTen: Int? {
        switch self {
        case .automatic, .seconds: 6
        case .milliseconds: 3
        case .microseconds: 0
        case .nanoseconds: -3
        case .rfc3339: nil
        }
    }
}
