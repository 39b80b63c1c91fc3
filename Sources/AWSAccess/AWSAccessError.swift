/// Why there are no credentials, or no region.
public struct AWSAccessError: Error, Sendable, CustomStringConvertible {
    /// What was looked for where, and what to do.
    public let description: String

    /// Makes an error.
    init(_ description: String) { self.description = description }
}
