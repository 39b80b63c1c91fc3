/// What the engine is told before anything of the user's: limits, and which files it may read.
///
/// `allowed_directories` and `allowed_paths` are all that DuckDB opens once external access is off, and that cannot be
/// switched on again. They may be written as well as read, so only queries are let through: ``Verdict``. Source:
/// https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview.
struct EngineSettings {
    var limits: SQLLimits
    /// The path of the directory that the engine works in.
    var scratch: String
    var timeZone: String
    /// Directories whose files may be read, and in which some functions could make others: none of a journal's.
    var directories: [String] = []
    /// Files that may be.
    var paths: [String] = []

    /// The statements.
    var lines: [String] {
        var lines: [String] = []
        if let memory = limits.memoryBytes { lines.append("SET memory_limit='\(memory)B';") }
        if let temporary = limits.temporaryBytes { lines.append("SET max_temp_directory_size='\(temporary)B';") }
        if let threads = limits.threads { lines.append("SET threads=\(threads);") }
        lines += [
            "SET temp_directory=\(quoted("\(scratch)/spill"));",
            "SET TimeZone=\(quoted(timeZone));",
            "SET autoinstall_known_extensions=false;",
            "SET autoload_known_extensions=false;",
            "SET allow_community_extensions=false;",
            "SET allow_persistent_secrets=false;",
            // A file is opened for each table that has it, and when the statement runs.
            "SET parquet_metadata_cache=true;",
        ]
        if !directories.isEmpty { lines.append("SET allowed_directories=\(list(directories));") }
        if !paths.isEmpty { lines.append("SET allowed_paths=\(list(paths));") }
        lines.append("SET enable_external_access=false;")
        return lines
    }
}
