internal import DeltaLake

/// What the catalog says at one version: compacted segments, what of the inbox they absorbed, and the id index.
struct CatalogState: Sendable {
    /// The version; -1 when nothing was ever compacted.
    var version: Int64 { table?.version ?? -1 }
    /// The Delta table; `nil` when there is none.
    let table: DeltaSnapshot?
    /// Its segments, by key.
    let segments: [Segment]
    /// What was absorbed and may still be in the inbox.
    let inbox: InboxDomain
    /// The absorbed batch ids of ``inbox``, as a set.
    let absorbed: Set<UUIDv7>
    /// Where each id is.
    let runs: [IndexRun]
    /// Why ``runs`` could not be read, and is empty; a reindex makes them anew.
    let unreadableIndex: JournalError?
    /// The columns that compaction fills from payloads.
    let columns: ColumnsDomain

    /// The state of a journal that was never compacted.
    static let empty = CatalogState()

    private init() {
        table = nil
        segments = []
        inbox = InboxDomain()
        absorbed = []
        runs = []
        unreadableIndex = nil
        columns = ColumnsDomain()
    }

    /// - Parameters:
    ///   - table: The table; `nil` for none.
    ///   - before: An earlier state, whose segments need not be described again.
    /// - Throws: ``JournalError/Code/damagedCatalog``.
    init(_ table: DeltaSnapshot?, before: CatalogState?) throws {
        guard let table else {
            self = .empty
            return
        }
        self.table = table
        var known: [String: Segment] = [:]
        for segment in before?.segments ?? [] { known[segment.key] = segment }
        segments = try table.files.values.map { add in try known[add.path] ?? Segment(add) }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        if let text = table.domains[InboxDomain.name] {
            if text == before?.table?.domains[InboxDomain.name], let before {
                inbox = before.inbox
                absorbed = before.absorbed
            } else {
                inbox = try InboxDomain(text)
                absorbed = Set(inbox.absorbed)
            }
        } else {
            inbox = InboxDomain()
            absorbed = []
        }
        if let text = table.domains[CatalogState.indexDomain] {
            if text == before?.table?.domains[CatalogState.indexDomain], let before {
                runs = before.runs
                unreadableIndex = before.unreadableIndex
            } else {
                do throws(JournalError) {
                    runs = try IndexRun.decode(text)
                    unreadableIndex = nil
                } catch {
                    // Replays do without, and a reindex has to get here.
                    runs = []
                    unreadableIndex = error
                }
            }
        } else {
            runs = []
            unreadableIndex = nil
        }
        if let text = table.domains[ColumnsDomain.name] {
            if text == before?.table?.domains[ColumnsDomain.name], let before {
                columns = before.columns
            } else {
                columns = try ColumnsDomain(text)
            }
        } else {
            columns = ColumnsDomain()
        }
        if segments.isEmpty || table.domains[InboxDomain.name] != nil { return }
        throw JournalError(
            .damagedCatalog,
            "The table at _delta_log/ has files but nothing says what they absorbed: another program made it, or a checkpoint of "
                + "another program dropped \(InboxDomain.name). Restore the log from a copy."
        )
    }

    /// Whether it needs an object: one of its segments, or of the index.
    func names(_ object: String) -> Bool { table?.files[object] != nil || runs.contains { $0.path == object } }

    /// The domain of the id index.
    static let indexDomain = "highwater.index"
}
