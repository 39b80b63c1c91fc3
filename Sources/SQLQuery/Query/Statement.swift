internal import EventJournal
internal import ObjectStorage

/// A statement that DuckDB's own parser took for a single query.
///
/// Anything else is refused: a locked configuration does not keep `COPY … TO` from overwriting a file that may be read.
struct Statement {
    let text: String
    /// The engine's version.
    let engineVersion: EngineVersion
    /// What it reads of each journal.
    let reads: [QueryReads]
    /// Whether it asks for the present moment.
    let usesClock: Bool
    /// What the columns of its answer hold; unknown unless the format needs it.
    let kinds: ColumnKinds

    /// The longest statement, in bytes: Linux takes no longer argument of a program (`MAX_ARG_STRLEN`).
    static let mostBytes = 120_000

    /// Refuses what no engine is asked about.
    static func requireText(_ text: String) throws(SQLError) {
        guard text.utf8.count <= mostBytes else {
            throw SQLError(
                .refused,
                "The statement has \(text.utf8.count) bytes; a query may have \(mostBytes). Join with a journal, or with a "
                    + "range of its events, instead of listing values."
            )
        }
        guard !text.utf8.contains(0) else { throw SQLError(.statement, "The statement has a NUL byte in it.") }
    }

    /// Has a statement parsed and planned.
    ///
    /// - Parameters:
    ///   - query: The statement as the user wrote it, and what it may take.
    ///   - journals: The journals, with the schemas of their tables.
    ///   - moment: What it is to take for the present.
    ///   - scratch: Where the engine works, which executes nothing of the statement.
    /// - Returns: What may be executed, and the promoted columns of each journal.
    /// - Throws: ``SQLError``; `JournalError` when a journal cannot be read.
    static func check(
        _ query: SQLQuery,
        _ journals: [(String?, Journal)],
        at moment: Timestamp,
        _ scratch: ScratchDirectory
    ) async throws -> (Statement, columns: [[PromotedColumn]]) {
        let text = query.statement
        try requireText(text)
        let process = EngineProcess(engine: query.engine, scratch: scratch, name: "check")
        let input = try EngineInput()
        let arguments =
            ["-no-init", "-batch", "-bail", "-list", "-noheader", "-separator", "\n", "-f", "/dev/stdin", "-c", ""]
        // The engine starts while the journals are asked for their columns.
        @Sendable func ask() async throws -> EngineProcess.Outcome {
            try await process.run(arguments, outputBytes: 64 << 20, input: input)
        }
        let (columns, outcome) = try await beside(ask) {
            defer { input.close() }
            let columns = try await SQLQuery.columns(of: journals)
            let script = ReadsScript(
                schemas: journals.map(\.0),
                columns: columns,
                statement: text,
                limits: query.options.limits,
                timeZone: query.options.timeZone,
                scratch: scratch.path,
                moment: moment,
                asksForKinds: query.options.format.needsKinds && !query.options.explains
            )
            try scratch.write("check.sql", Statement.script(text) + script.text)
            input.read(script: "check.sql")
            return columns
        }
        return (try Statement(text, outcome, columns, process.path), columns)
    }

    /// Makes out what the engine said.
    private init(
        _ text: String,
        _ outcome: EngineProcess.Outcome,
        _ columns: [[PromotedColumn]],
        _ program: String
    ) throws(SQLError) {
        // The plan comes behind the verdict. Of a statement that cannot be planned there is none: what is wrong with it
        // shows when it runs.
        var lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        let marker = lines.lastIndex { $0 == ReadsScript.marker }
        var plan = marker.map { Array(lines[($0 + 1)...]) }
        let typesPrefix = "types "
        let types = plan?.last { $0.hasPrefix(typesPrefix) }
        plan?.removeAll { $0.hasPrefix(typesPrefix) }
        kinds = types.flatMap { ColumnKinds(letters: $0.dropFirst(typesPrefix.count)) } ?? .unknown
        if let marker { lines.removeSubrange(marker...) } else if lines.last == "" { lines.removeLast() }
        guard lines.count >= 8, let version = EngineVersion(lines[0]) else {
            throw SQLError(
                .engine,
                "\(program) is not DuckDB's command-line program, or too old for this: it says \""
                    + outcome.error.prefix(300).split(separator: "\n").joined(separator: " ")
                    + "\". Highwater needs \(EngineVersion.minimum) or newer."
            )
        }
        guard version >= .minimum else {
            throw SQLError(
                .engine,
                "\(program) is DuckDB \(version); Highwater needs \(EngineVersion.minimum) or newer."
            )
        }
        let message = lines[7...].joined(separator: "\n")
        switch lines[1] {
        case "": break
        case "not implemented": throw Statement.notAQuery
        default: throw SQLError(.statement, Caret.message("Parser Error: \(message)", in: text, at: Int(lines[2])))
        }
        guard lines[3] == "1" else {
            if lines[3] == "0" { throw SQLError(.statement, "There is no statement.") }
            throw SQLError(.refused, "These are \(lines[3]) statements. A query is one; give one after the other.")
        }
        let isStable = lines[6] == "false"
        let planned =
            outcome.isSuccess ? plan.flatMap { ReadsScript.reads($0, columns: columns, isStable: isStable) } : nil
        // One that names what there is not ends when it runs; nothing is to be made for it before.
        let isWrong = ["Binder Error", "Catalog Error"].contains { outcome.error.contains($0) }
        let everything = columns.map { columns in
            QueryReads(
                archived: true,
                current: lines[4] == "true",
                range: .all,
                columns: isWrong ? [] : Set(columns.map(\.name))
            )
        }
        self.text = text
        engineVersion = version
        reads = planned ?? everything
        usesClock = lines[5] == "true"
    }

    private static let notAQuery = SQLError(
        .refused,
        "This is not a query. SELECT, FROM, WITH, VALUES, TABLE, DESCRIBE, SUMMARIZE and SHOW are; a journal is changed with "
            + "`highwater put`, `update` and `delete`. For PIVOT list the values it is to have columns of: PIVOT … ON key IN (…)."
    )

    /// Asks for what is wanted in eight lines, the last of which may be several.
    ///
    /// The functions `query` and `query_table` can name tables in ways that the parser does not see.
    private static func script(_ text: String) -> String {
        """
        WITH parsed AS (SELECT json_serialize_sql(\(quoted(text))) AS tree)
        SELECT version(), coalesce(tree->>'$.error_type', ''), coalesce(tree->>'$.position', ''),
          coalesce(json_array_length(tree->'$.statements'), 0),
          regexp_matches(tree::VARCHAR, '"[a-z_]*name":"[^"]*(events|current|query)', 'i'),
          \(ReadsScript.usesClock), \(ReadsScript.isUnstable), coalesce(tree->>'$.error_message', '') FROM parsed;

        """
    }
}

/// Shows where a statement is wrong.
enum Caret {
    /// A message with the line and a caret under the place, in the form DuckDB has for it.
    ///
    /// - Parameters:
    ///   - message: What is wrong.
    ///   - text: The statement.
    ///   - position: The place, counted in code points from 0; `nil` when it is not known.
    /// - Returns: Three lines, or one.
    static func message(_ message: String, in text: String, at position: Int?) -> String {
        guard let position, position >= 0 else { return message }
        let scalars = text.unicodeScalars
        let place =
            scalars.index(scalars.startIndex, offsetBy: position, limitedBy: scalars.endIndex) ?? scalars.endIndex
        let before = scalars[..<place]
        let start = before.lastIndex(of: "\n").map { scalars.index(after: $0) } ?? scalars.startIndex
        let end = scalars[place...].firstIndex(of: "\n") ?? scalars.endIndex
        let number = before.reduce(1) { $0 + ($1 == "\n" ? 1 : 0) }
        let head = "LINE \(number): "
        // Of a long line what is around the place is enough.
        let column = scalars.distance(from: start, to: place)
        let first = column > 70 ? scalars.index(start, offsetBy: column - 60) : start
        let shown = String(scalars[first..<end].prefix(110))
        let mark = first == start ? "" : "…"
        let indent = head.count + mark.count + String(scalars[first..<place]).count
        return "\(message)\n\n\(head)\(mark)\(shown)\n\(String(repeating: " ", count: indent))^"
    }
}
