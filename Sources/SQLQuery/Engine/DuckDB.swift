/// DuckDB's command-line program, which runs the queries.
public struct DuckDB: Sendable, Hashable {
    /// Where the program is.
    public let path: String

    /// Names a program; nothing is checked before it is used.
    public init(path: String) { self.path = path }

    /// Finds the program.
    ///
    /// In this order: what `setting` names; `duckdb` in the directories of `searchPath`; `.tools/bin/duckdb`, where the
    /// project's set-up puts it, beside this program or in a directory above.
    ///
    /// Cost: some system calls that look at files; the program is not started.
    ///
    /// - Parameters:
    ///   - setting: A path, or a name to be looked for in `searchPath`; `nil` or empty for none.
    ///   - searchPath: Directories with colons between them, as in `PATH`.
    ///   - executable: This program's path.
    /// - Returns: The program.
    /// - Throws: ``SQLError/Code/engine`` when there is none.
    public static func locate(
        setting: String? = nil,
        searchPath: String,
        executable: String? = nil
    ) throws(SQLError) -> DuckDB {
        let search = ProgramSearch(searchPath: searchPath, executable: executable)
        if let setting, !setting.isEmpty {
            if let found = search.named(setting) { return DuckDB(path: found) }
            throw SQLError(
                .engine,
                "\(setting) is not a program that can be run; name DuckDB's command-line program."
            )
        }
        if let found = search.named("duckdb") ?? search.tool("bin/duckdb") { return DuckDB(path: found) }
        throw SQLError(
            .engine,
            "SQL is run by DuckDB's command-line program, \(EngineVersion.minimum) or newer, and there is none on PATH. Install "
                + "it (https://duckdb.org/install; on macOS: brew install duckdb), run scripts/setup in a checkout of Highwater, "
                + "or say where it is."
        )
    }
}
