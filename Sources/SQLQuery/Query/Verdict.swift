internal import TextEncoding

/// What the engine says of a statement: that its own parser takes it for a single query.
///
/// Anything else is refused: a locked configuration does not keep `COPY … TO` from overwriting a file that may be read.
struct Verdict {
    /// The engine's version.
    let engineVersion: EngineVersion
    /// What it parsed.
    let tree: StatementTree
    /// What it said behind that.
    let rest: Substring

    /// Statements that print what a verdict is read from.
    static func lines(_ statement: String) -> [String] {
        ["SELECT version();", "SELECT json_serialize_sql(\(quoted(statement)));"]
    }

    /// Reads it.
    ///
    /// - Parameters:
    ///   - answer: What the engine printed.
    ///   - statement: The statement.
    ///   - program: The engine's path.
    ///   - outcome: How the engine ended; `nil` when it has not.
    /// - Throws: ``SQLError`` when it is no engine, or no query.
    init(
        _ answer: EngineOutput.Text,
        of statement: String,
        program: String,
        outcome: EngineProcess.Outcome? = nil
    ) throws(SQLError) {
        let lines = answer.text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        engineVersion = try EngineVersion.required(of: program, lines.first, error: outcome?.error ?? "")
        guard lines.count == 3, !lines[1].isEmpty else {
            if let outcome { throw EngineFailure.error(outcome, []) }
            throw SQLError(.engine, "\(program) does not say what it takes the statement for.")
        }
        rest = lines[2]
        guard lines[1].hasPrefix("{\"error\":false,") else { throw Verdict.refusal(String(lines[1]), statement) }
        tree = StatementTree(lines[1])
        guard tree.statements == 1 else {
            if tree.statements == 0 { throw SQLError(.statement, "There is no statement.") }
            throw SQLError(
                .refused,
                "These are \(tree.statements) statements. A query is one; give one after the other."
            )
        }
    }

    private static func refusal(_ json: String, _ statement: String) -> SQLError {
        guard let said = try? JSONValue.parse(json), let kind = said["error_type"]?.text else {
            return SQLError(.engine, "What the engine says of the statement is no JSON: \(json.prefix(300))")
        }
        if kind == "not implemented" { return notAQuery }
        return SQLError(
            .statement,
            Caret.message(
                "Parser Error: \(said["error_message"]?.text ?? kind)",
                in: statement,
                at: said["position"]?.integer.map(Int.init)
            )
        )
    }

    private static let notAQuery = SQLError(
        .refused,
        "This is not a query. SELECT, FROM, WITH, VALUES, TABLE, DESCRIBE, SUMMARIZE and SHOW are; a journal is changed with "
            + "`highwater put`, `update` and `delete`. For PIVOT list the values it is to have columns of: PIVOT … ON key IN (…)."
    )
}

extension EngineVersion {
    /// The version that a program says it has.
    ///
    /// - Parameters:
    ///   - program: Its path.
    ///   - line: What it says.
    ///   - error: What it says on its standard error.
    /// - Returns: The version.
    /// - Throws: ``SQLError/Code/engine`` when it is none, or too old.
    static func required(
        of program: String,
        _ line: (some StringProtocol)?,
        error: String
    ) throws(SQLError) -> EngineVersion {
        guard let version = line.flatMap({ EngineVersion($0) }) else {
            throw SQLError(
                .engine,
                "\(program) is not DuckDB's command-line program, or too old for this: it says \""
                    + error.prefix(300).split(separator: "\n").joined(separator: " ")
                    + "\". Highwater needs \(minimum) or newer."
            )
        }
        guard version >= minimum else {
            throw SQLError(.engine, "\(program) is DuckDB \(version); Highwater needs \(minimum) or newer.")
        }
        return version
    }
}
