/// What payloads look like, learned from a sample.
public struct FieldReport: Sendable, Hashable {
    /// Payloads that were looked at.
    public var events = 0
    /// Those of them that are not JSON, and are in no other figure.
    public var notJSON = 0
    /// Rows of the segments that may have events of the range, those that do not count included.
    public var population = 0
    /// Row groups that were read for it.
    public var rowGroups = 0
    /// Segments that could not be read.
    public var damagedSegments = 0
    /// Each path, with the paths below it behind it, in order of first appearance.
    public var fields: [FieldSummary] = []
    /// Values at paths beyond ``FieldSurvey/maximumPaths`` or deeper than ``FieldSurvey/maximumDepth``, which are not
    /// listed.
    public var omittedValues = 0
}

/// What is found at one path.
public struct FieldSummary: Sendable, Hashable {
    /// How many values have a type.
    public struct TypeCount: Sendable, Hashable {
        /// The type.
        public var type: FieldType
        /// How many values.
        public var count: Int
    }

    /// A value as JSON, and how often it occurs.
    public struct Example: Sendable, Hashable {
        /// The value as it stands; a long one is cut and ends with `…`, and is no JSON then.
        public var text: String
        /// How often it occurs.
        public var count: Int
    }

    /// The path as JMESPath: names joined by dots, in quotes where they must be, and `[]` for the elements of an array.
    ///
    /// The payload itself is `@`.
    public var path: String
    /// In how many payloads of the sample there is a value.
    public var events: Int
    /// How many values there are; more than ``events`` inside arrays.
    public var values: Int
    /// How many of the values are whole numbers of 64 bits.
    public var wholeNumbers: Int
    /// How many of the values are texts with a moment: ``Timestamp/init(rfc3339:)``.
    public var moments: Int
    /// The types of the values, the most frequent one first.
    public var types: [TypeCount]
    /// How many different strings, numbers and so on there are, told apart by 64 bits of a hash.
    public var distinct: Int
    /// Whether there are more than ``distinct``, which is ``FieldSurvey/maximumDistinct`` then.
    public var hasMoreDistinct: Bool
    /// The most frequent values, of those met first; none of objects and arrays.
    public var examples: [Example]
}

/// The type of a JSON value, by the names that `type()` of JMESPath gives.
@frozen
public enum FieldType: String, Sendable, Hashable, CaseIterable {
    /// `null`.
    case null
    /// `true` or `false`.
    case boolean
    /// A number.
    case number
    /// Text.
    case string
    /// An object.
    case object
    /// An array.
    case array
}
