public import EventJournal

extension SQLQuery {
    /// Opens DuckDB's own shell with the tables ready, and waits until it is left.
    ///
    /// ``statement`` does not count, nor do ``limits`` of time. All that is asked there is of the moment the shell was
    /// opened; segments that a vacuum removes meanwhile are missed then. The configuration is locked as for a query, so
    /// that nothing but the journals' segments can be reached. Yet statements are not checked one by one: who works in
    /// the shell may do with those what the system lets them, such as `COPY … TO` one by its path.
    ///
    /// Cost: a snapshot of the journals; of one on another machine every segment of ``range`` is fetched.
    ///
    /// - Parameters:
    ///   - journal: Whose tables have no prefix.
    ///   - others: Journals whose tables are in a schema of that name.
    ///   - terminal: What kind it is, as `TERM` says; `nil` when there is none.
    /// - Returns: The status that the shell ended with.
    /// - Throws: ``SQLError``; `JournalError` when a journal cannot be read.
    public func openShell(
        on journal: Journal,
        with others: [String: Journal] = [:],
        terminal: String? = nil
    ) async throws -> Int32 {
        let scratch = try ScratchDirectory(in: options.temporaryDirectory)
        try scratch.makeDirectory(PreparedTables.folder)
        let process = EngineProcess(engine: engine, scratch: scratch)
        let named = SQLQuery.named(journal, others)
        let columns = try await SQLQuery.columns(of: named.map(\.1))
        let places = try JournalPlace.find(named.map(\.1), options.cache, scratch)
        let reads = columns.map { columns in
            QueryReads(archived: true, current: true, range: .all, columns: Set(columns.map(\.name)))
        }
        let tables = try await PreparedTables.prepare(named, places, columns, reads, options, scratch)
        let script = SetupScript(tables: tables.map(\.tables))
        let settings = EngineSettings(
            limits: options.limits,
            scratch: scratch.path,
            timeZone: options.timeZone,
            paths: tables.flatMap(\.tables.paths)
        )
        try scratch.write("setup.sql", settings.lines.joined(separator: "\n") + "\n" + script.text)
        // In the shell a mistake of ours would be passed over, and leave it unlocked.
        let setup = "\(scratch.path)/setup.sql"
        let trial = try await process.run(
            ["-no-init", "-batch", "-bail", "-list", "-noheader", "-cmd", "SELECT version();", "-f", setup],
            outputBytes: 100
        )
        _ = try EngineVersion.required(of: process.path, trial.output, error: trial.error)
        guard trial.isSuccess else { throw EngineFailure.error(trial, tables.map { ($0.root, $0.location) }) }
        let format = options.format == .markdown ? ["-markdown"] : options.format.arguments
        let status = try await process.runShell(["-no-init"] + format + ["-cmd", ".read \(setup)"], terminal: terminal)
        withExtendedLifetime(tables) {}
        return status
    }
}
