/// One change of a table, as a line of a log entry or a row of a checkpoint.
///
/// Actions that are not listed here do not change what a reader of the table sees; they are skipped when reading.
///
/// Source: Delta Lake protocol, "Actions".
public enum DeltaAction: Sendable, Hashable {
    /// A file joins the table, or what the log says of it changes.
    case add(DeltaAdd)
    /// A file leaves the table.
    case remove(DeltaRemove)
    /// The table's schema and settings.
    case metadata(DeltaMetadata)
    /// What a program must know to read or write the table.
    case `protocol`(DeltaProtocol)
    /// A piece of state with a name.
    case domain(DomainMetadata)
    /// How far an application has got.
    case transaction(DeltaTransaction)
    /// Who made the commit, when and why.
    case commitInfo(CommitInfo)
}
