internal import ArgumentParser
internal import SQLQuery

/// What a query may take, and what runs it.
struct SQLLimitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Memory of the engine, such as 2GiB; 80 % of the machine's unless given.", valueName: "size")
    )
    var memory: SizeArgument?

    @Option(help: ArgumentHelp("Size of its temporary files, such as 10GiB.", valueName: "size"))
    var spill: SizeArgument?

    @Option(help: ArgumentHelp("Threads of the engine; one a processor unless given.", valueName: "count"))
    var threads: Int?

    @Option(help: ArgumentHelp("End the query after this time, such as 90s or 15m.", valueName: "duration"))
    var timeout: DurationArgument?

    @Option(help: ArgumentHelp("DuckDB's command-line program.", valueName: "path"), completion: .file())
    var duckdb: String?

    @Option(
        help: ArgumentHelp("A Python that has pyspark, or spark-submit, for --engine spark.", valueName: "path"),
        completion: .file()
    )
    var spark: String?

    @Option(
        help: ArgumentHelp("Where segments of journals in buckets are kept.", valueName: "directory"),
        completion: .directory
    )
    var cache: String?

    @Option(help: ArgumentHelp("So much of them at most, such as 50GiB; 10GiB unless given.", valueName: "size"))
    var cacheSize: SizeArgument?

    /// Refuses what an engine cannot keep to.
    func validate(for engine: QueryEngine) throws {
        switch engine {
        case .duckdb:
            if spark != nil { throw ValidationError("--spark is for --engine spark.") }
        case .spark:
            if spill != nil { throw ValidationError("Spark has no limit for temporary files; leave --spill out.") }
            if let memory, memory.bytes < 512 << 20 {
                throw ValidationError("Spark does not start with less than --memory 512MiB.")
            }
        }
    }

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is 1 or more, not \(threads).") }
        if let memory, memory.bytes < 16 << 20 { throw ValidationError("--memory is 16MiB or more, not \(memory).") }
    }

    var limits: SQLLimits {
        SQLLimits(
            memoryBytes: memory?.bytes,
            temporaryBytes: spill?.bytes,
            threads: threads,
            duration: timeout?.duration
        )
    }
}

/// What runs queries.
enum QueryEngine: String, CaseIterable, ExpressibleByArgument {
    case duckdb, spark

    var name: String {
        switch self {
        case .duckdb: "DuckDB"
        case .spark: "Spark"
        }
    }
}
