internal import ObjectStorage
internal import SQLQuery

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Finds what runs SQL by the environment of the program.
enum SQLEngine {
    /// Finds DuckDB's program.
    ///
    /// - Parameter option: What the user named; `nil` for what `HIGHWATER_DUCKDB` names, or PATH has.
    /// - Returns: The program.
    /// - Throws: `SQLError` when there is none.
    static func locate(_ option: String?) throws -> DuckDB {
        try DuckDB.locate(
            setting: option ?? environment("HIGHWATER_DUCKDB"),
            searchPath: environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
            executable: executable
        )
    }

    /// Finds Spark.
    ///
    /// - Parameter option: What the user named; `nil` for what `HIGHWATER_SPARK` names, or is found.
    /// - Returns: The program.
    /// - Throws: `SQLError` when there is none.
    static func locateSpark(_ option: String?) throws -> Spark {
        try Spark.locate(
            setting: option ?? environment("HIGHWATER_SPARK"),
            remote: environment("SPARK_REMOTE"),
            searchPath: environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
            executable: executable
        )
    }

    /// Where temporary files go.
    static var temporaryDirectory: String {
        guard var path = environment("TMPDIR"), path.hasPrefix("/") else { return "/tmp" }
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// Where segments of journals on other machines are kept.
    ///
    /// - Parameters:
    ///   - directory: What the user named; `nil` for what `HIGHWATER_CACHE` names, or the usual place.
    ///   - limitBytes: How much the user allows; `nil` for 10 GiB.
    /// - Returns: The cache; nothing is done yet.
    static func cache(directory: String?, limitBytes: Int?) -> SegmentCache {
        let usual = SegmentCache.defaultDirectory(
            cacheHome: environment("XDG_CACHE_HOME"),
            home: environment("HOME"),
            temporary: temporaryDirectory
        )
        let path = directory ?? environment("HIGHWATER_CACHE") ?? usual
        return SegmentCache(
            directory: AbsolutePath.of(path),
            limitBytes: limitBytes ?? SegmentCache.defaultLimitBytes
        )
    }

    /// What kind of terminal this is.
    static var terminal: String? { environment("TERM") }

    private static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// This program's path, links resolved.
    private static var executable: String? {
        #if canImport(Darwin)
        var size: UInt32 = 4096
        var buffer = [CChar](repeating: 0, count: 4096)
        guard unsafe _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
        let name = unsafe String(cString: buffer)
        #else
        let name = "/proc/self/exe"
        #endif
        guard let path = unsafe realpath(name, nil) else { return nil }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}
