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
    ///   - moment: What it is to take for the present.
    ///   - scratch: Where the engine works, which executes nothing of the statement.
    ///   - journals: Opens the journals, whose tables have these schemas, while the engine starts.
    ///   - body: What comes next, with the statement and the promoted columns of each journal.
    /// - Returns: What `body` returns.
    /// - Throws: ``SQLError``; `JournalError` when a journal cannot be read; what `body` throws.
    static func check<Result>(
        _ query: SQLQuery,
        at moment: Timestamp,
        _ scratch: ScratchDirectory,
        journals: () async throws -> [(String?, Journal)],
        then body: (Checked) async throws -> Result
    ) async throws -> Result {
        let text = query.statement
        let process = EngineProcess(engine: query.engine, scratch: scratch, name: "check")
        let (input, output) = (try EngineInput(), try EngineOutput())
        let arguments =
            ["-no-init", "-batch", "-bail", "-list", "-noheader", "-separator", "\n", "-f", "/dev/stdin", "-c", ""]
        @Sendable func ask() async throws -> EngineProcess.Outcome {
            defer { output.end() }
            return try await process.run(arguments, printingTo: output.writeEnd, input: input)
        }
        let ((asked, result), outcome) = try await beside(ask) { () -> (Asked, Result?) in
            defer { input.close() }
            let journals = try await journals()
            let columns = try await SQLQuery.columns(of: journals)
            let script = ReadsScript(
                schemas: journals.map(\.0),
                columns: columns,
                statement: text,
                limits: query.options.limits,
                timeZone: query.options.timeZone,
                moment: moment,
                asksForKinds: query.options.format.needsKinds && !query.options.explains
            )
            try scratch.write("check.sql", Statement.script(text) + script.text)
            input.read(script: "check.sql")
            let answer = await output.text(throughLine: ReadsScript.end, limit: 64 << 20)
            let asked = Asked(journals: journals, columns: columns, answer: answer)
            // Of one that has no plan it is the engine's end that tells why.
            guard answer.isComplete else { return (asked, nil) }
            return (asked, try await body(asked.checked(text, error: "", process.path)))
        }
        if let result { return result }
        return try await body(asked.checked(text, error: outcome.error, process.path))
    }

    /// A statement that may be executed, and on what.
    struct Checked {
        var statement: Statement
        /// With the schemas of their tables.
        var journals: [(String?, Journal)]
        /// The promoted columns of each.
        var columns: [[PromotedColumn]]
    }

    private struct Asked {
        var journals: [(String?, Journal)]
        var columns: [[PromotedColumn]]
        var answer: EngineOutput.Text

        func checked(_ text: String, error: String, _ program: String) throws(SQLError) -> Checked {
            let statement = try Statement(text, answer, error: error, columns, program)
            return Checked(statement: statement, journals: journals, columns: columns)
        }
    }

    /// Makes out what the engine said.
    private init(
        _ text: String,
        _ answer: EngineOutput.Text,
        error: String,
        _ columns: [[PromotedColumn]],
        _ program: String
    ) throws(SQLError) {
        // The plan comes behind the verdict. Of a statement that cannot be planned there is none: what is wrong with it
        // shows when it runs.
        let marker = answer.text.ranges(of: "\n\(ReadsScript.marker)\n").last
        let verdict = answer.text[..<(marker?.lowerBound ?? answer.text.endIndex)]
        let lines = verdict.split(separator: "\n", maxSplits: 5, omittingEmptySubsequences: false)
        guard lines.count == 6, let version = EngineVersion(lines[0]) else {
            throw SQLError(
                .engine,
                "\(program) is not DuckDB's command-line program, or too old for this: it says \""
                    + error.prefix(300).split(separator: "\n").joined(separator: " ")
                    + "\". Highwater needs \(EngineVersion.minimum) or newer."
            )
        }
        guard version >= .minimum else {
            throw SQLError(
                .engine,
                "\(program) is DuckDB \(version); Highwater needs \(EngineVersion.minimum) or newer."
            )
        }
        switch lines[1] {
        case "": break
        case "not implemented": throw Statement.notAQuery
        default:
            let message = lines[5].last == "\n" ? lines[5].dropLast() : lines[5]
            throw SQLError(.statement, Caret.message("Parser Error: \(message)", in: text, at: Int(lines[2])))
        }
        guard lines[3] == "1" else {
            if lines[3] == "0" { throw SQLError(.statement, "There is no statement.") }
            throw SQLError(.refused, "These are \(lines[3]) statements. A query is one; give one after the other.")
        }
        let tree = StatementTree(lines[4])
        var planned: [QueryReads]?
        var kinds = ColumnKinds.unknown
        if answer.isComplete, let marker {
            let plan = answer.text[marker.upperBound...]
            let last = plan.split(separator: "\n").last ?? ""
            let prefix = ColumnKinds.prefix
            if last.hasPrefix(prefix) { kinds = ColumnKinds(letters: last.dropFirst(prefix.count)) ?? .unknown }
            planned = QueryPlan(plan).reads(columns, isStable: !tree.isUnstable)
        }
        // One that names what there is not ends when it runs; nothing is to be made for it before.
        let isWrong = ["Binder Error", "Catalog Error"].contains { error.contains($0) }
        let everything = columns.map { columns in
            QueryReads(
                archived: true,
                current: tree.mayReadInbox,
                range: .all,
                columns: isWrong ? [] : Set(columns.map(\.name))
            )
        }
        self.text = text
        self.kinds = kinds
        engineVersion = version
        reads = planned ?? everything
        usesClock = tree.usesClock
    }

    private static let notAQuery = SQLError(
        .refused,
        "This is not a query. SELECT, FROM, WITH, VALUES, TABLE, DESCRIBE, SUMMARIZE and SHOW are; a journal is changed with "
            + "`highwater put`, `update` and `delete`. For PIVOT list the values it is to have columns of: PIVOT … ON key IN (…)."
    )

    /// Asks for what is wanted in six lines, the last of which may be several.
    private static func script(_ text: String) -> String {
        """
        WITH parsed AS (SELECT json_serialize_sql(\(quoted(text))) AS tree)
        SELECT version(), coalesce(tree->>'$.error_type', ''), coalesce(tree->>'$.position', ''),
          coalesce(json_array_length(tree->'$.statements'), 0), tree::VARCHAR, coalesce(tree->>'$.error_message', '')
          FROM parsed;

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
