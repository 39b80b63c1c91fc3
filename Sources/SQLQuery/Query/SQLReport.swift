/// What a query worked on.
public struct SQLReport: Sendable, Hashable {
    /// The engine's version.
    public var engineVersion: String
    /// Segments of the catalog that the tables are made of, of all journals.
    public var archivedSegments: Int
    /// Their bytes.
    public var archivedBytes: Int
    /// Rows of `current`, of all journals; 0 when the statement does not ask for it.
    public var currentEvents: Int
}
