/// Prints the rows of Parquet files by DuckDB's program, so that they look the same whoever made them.
struct RowPrinter {
    var engine: DuckDB
    var scratch: ScratchDirectory
    var format: SQLFormat
    var timeZone: String

    private static let result = "printed.parquet"

    /// Prints the files of a directory, by name.
    ///
    /// - Parameters:
    ///   - directory: Its name in the scratch directory.
    ///   - output: An open file.
    /// - Throws: ``SQLError``.
    func write(_ directory: String, to output: Int32) async throws {
        let rows = "FROM read_parquet(\(quoted("\(scratch.path)/\(directory)/*.parquet")))"
        var script = "SET TimeZone=\(quoted(timeZone));\n"
        var arguments = ["-no-init", "-batch", "-bail"] + format.arguments + ["-f", "\(scratch.path)/print.sql"]
        if format == .parquet {
            script += SetupScript.copy(rows, to: "\(scratch.path)/\(RowPrinter.result)")
        } else {
            arguments += ["-c", rows]
        }
        let process = EngineProcess(engine: engine, scratch: scratch)
        var formatter: (any RowFormatter)?
        if format.needsKinds {
            let kinds = try await process.run(
                ["-no-init", "-batch", "-bail", "-list", "-noheader", "-c", ColumnKinds.query(rows)],
                outputBytes: 1 << 20
            )
            guard kinds.isSuccess else { throw EngineFailure.error(kinds, []) }
            let letters = kinds.output.split(separator: "\n").last?.split(separator: " ").last ?? ""
            formatter = format.formatter(ColumnKinds(letters: letters) ?? .unknown)
            if formatter != nil { script += ".output rows.txt\n" }
        }
        try scratch.write("print.sql", script)
        let outcome = try await process.run(arguments, printingTo: output)
        guard outcome.isSuccess else { throw EngineFailure.error(outcome, []) }
        if format == .parquet { try scratch.copy(RowPrinter.result, to: output) }
        try formatter?.write("rows.txt", of: scratch, to: output)
    }
}
