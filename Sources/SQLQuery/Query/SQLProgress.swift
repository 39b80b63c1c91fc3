/// What a query is doing.
public enum SQLProgress: Sendable, Hashable {
    /// So many records of streams were read that are not archived yet.
    case live(records: Int)
    /// Segments of a journal on another machine are fetched: so many bytes of so many.
    case fetching(bytes: Int, of: Int)
    /// So many events were taken out of the inbox.
    case reading(events: Int)
    /// A column was taken from the payloads of so many events, of so many at most.
    case computing(events: Int, of: Int)
    /// The engine runs the statement; from here on it may print rows.
    case running
}
