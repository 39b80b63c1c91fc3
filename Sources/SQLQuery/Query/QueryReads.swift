internal import EventJournal

/// What a statement reads of the tables of one journal.
struct QueryReads: Hashable {
    /// Whether it reads what the catalog has.
    var archived: Bool
    /// Whether it reads what is in the inbox.
    var current: Bool
    /// Events outside cannot be in the answer.
    var range: EventRange
    /// Names of the promoted columns that it reads.
    var columns: Set<String> = []
    /// Whether it reads payloads.
    var payloads = true

    /// The same of all times.
    var everyTime: QueryReads {
        var reads = self
        reads.range = .all
        return reads
    }

    /// Nothing.
    static let none = QueryReads(archived: false, current: false, range: .all)
}

extension StatementText {
    /// What a statement could read, as far as its text tells: all of a table that it could name.
    ///
    /// - Parameter columns: The promoted columns that it could read.
    /// - Returns: That, of all times.
    func reads(of columns: [PromotedColumn]) -> QueryReads {
        QueryReads(
            archived: mayRead("events", "archived"),
            current: mayRead("events", "current"),
            range: .all,
            columns: Set(columns.map(\.name))
        )
    }
}
