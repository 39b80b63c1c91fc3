/// Why a text is no path to a field.
public struct FieldPathError: Error, Sendable, Hashable {
    /// The text.
    public var path: String
    /// Where it is wrong, in characters, from 1.
    public var column: Int
    /// What is wrong there and what would be right.
    public var reason: String
}

extension FieldPathError: CustomStringConvertible {
    /// One line with the path, the column and the reason.
    public var description: String { "The path `\(path)` is wrong at column \(column): \(reason)." }
}
