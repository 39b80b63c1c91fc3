internal import TextEncoding

/// What a file's entry says of its data: row count, and bounds and null counts of top-level columns.
///
/// Bounds of columns within structs are passed over.
///
/// Source: Delta Lake protocol, "Per-file Statistics".
public struct DeltaStatistics: Sendable, Hashable {
    /// A bound.
    public enum Value: Sendable, Hashable {
        /// A whole number.
        case integer(Int64)
        /// Any other number, as it stands.
        case number(String)
        /// A text; also dates, and times as ISO 8601 with milliseconds.
        case text(String)
        /// A truth value.
        case boolean(Bool)
    }

    /// How many rows the file has.
    public var numRecords: Int64
    /// By column, a value that none is less than.
    public var minValues: [String: Value] = [:]
    /// By column, a value that none is greater than.
    public var maxValues: [String: Value] = [:]
    /// By column, how many values are null.
    public var nullCount: [String: Int64] = [:]

    /// Statistics of a number of rows.
    public init(numRecords: Int64) {
        self.numRecords = numRecords
    }

    /// Reads the text of ``DeltaAdd/stats``.
    ///
    /// - Throws: ``DeltaLakeError/Code/malformed`` when it is no JSON object with a row count.
    public init(json text: String) throws {
        let value: JSONValue
        do throws(JSONValue.Failure) {
            value = try JSONValue.parse(text)
        } catch {
            throw DeltaLakeError(
                .malformed,
                "Statistics of a file are no JSON (\(error.reason) at byte \(error.offset)); read the file's footer instead."
            )
        }
        guard case .integer(let rows)? = value["numRecords"], rows >= 0 else {
            throw DeltaLakeError(
                .malformed,
                "Statistics of a file have no number of records; read the file's footer instead."
            )
        }
        numRecords = rows
        minValues = DeltaStatistics.bounds(value["minValues"])
        maxValues = DeltaStatistics.bounds(value["maxValues"])
        if case .object(let members)? = value["nullCount"] {
            nullCount = members.compactMapValues { if case .integer(let count) = $0, count >= 0 { count } else { nil } }
        }
    }

    /// The text for ``DeltaAdd/stats``; equal statistics have equal texts.
    public var json: String {
        let value = JSONValue.object([
            "numRecords": .integer(numRecords),
            "minValues": .object(minValues.mapValues(\.json)),
            "maxValues": .object(maxValues.mapValues(\.json)),
            "nullCount": .object(nullCount.mapValues(JSONValue.integer)),
        ])
        return String(decoding: value.serialized, as: UTF8.self)
    }

    private static func bounds(_ value: JSONValue?) -> [String: Value] {
        guard case .object(let members)? = value else { return [:] }
        return members.compactMapValues { value in
            switch value {
            case .integer(let value): .integer(value)
            case .number(let text): .number(text)
            case .string(let text): .text(text)
            case .boolean(let value): .boolean(value)
            case .null, .array, .object: nil
            }
        }
    }
}

extension DeltaStatistics.Value {
    fileprivate var json: JSONValue {
        switch self {
        case .integer(let value): .integer(value)
        case .number(let text): .number(text)
        case .text(let text): .string(text)
        case .boolean(let value): .boolean(value)
        }
    }
}
