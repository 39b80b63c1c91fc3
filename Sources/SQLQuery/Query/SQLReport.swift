/// What a query worked on.
public struct SQLReport: Sendable, Hashable {
    /// The engine's version.
    public var engineVersion: String
    /// Segments of the catalog that the tables are made of, of all journals.
    public var archivedSegments: Int
    /// Their bytes.
    public var archivedBytes: Int
    /// Segments of the catalogs that are not read, since they are of other times or their table is not asked for.
    public var skippedSegments: Int
    /// Bytes of segments that were fetched from other machines, and not found in the cache.
    public var fetchedBytes: Int
    /// Rows of `current`, of all journals; 0 when the statement does not ask for it.
    public var currentEvents: Int
    /// Segments of the catalog without a column that the statement reads: it was taken from their payloads.
    public var computedSegments: Int

    /// Counts what the tables of all journals are made of.
    init(engineVersion: String, _ tables: [PreparedTables]) {
        self.engineVersion = engineVersion
        archivedSegments = tables.reduce(0) { $0 + $1.archivedSegments }
        archivedBytes = tables.reduce(0) { $0 + $1.archivedBytes }
        skippedSegments = tables.reduce(0) { $0 + $1.skippedSegments }
        fetchedBytes = tables.reduce(0) { $0 + $1.fetchedBytes }
        computedSegments = tables.reduce(0) { $0 + $1.computedSegments }
        currentEvents = tables.reduce(0) { $0 + $1.currentEvents }
    }
}
