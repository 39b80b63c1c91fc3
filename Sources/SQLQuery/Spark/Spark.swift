/// Apache Spark 4, which runs queries on as many machines as it has.
///
/// It is a Python that can import `pyspark`, or a `spark-submit`. A Python runs Spark on this machine, or, with
/// `SPARK_REMOTE` in the environment, asks a server of Spark Connect; `spark-submit` does what it is configured for.
public struct Spark: Sendable, Hashable {
    /// Where the program is.
    public let path: String
    /// Whether Spark may run on other machines, so that it has to be handed what only this one has.
    ///
    /// Then journals are read at their own location, which those machines have to reach; what waits in the inbox is
    /// sent along; and rows come back through this machine's memory.
    public let runsElsewhere: Bool

    /// Names a program; nothing is checked before it is used.
    public init(path: String, runsElsewhere: Bool) {
        self.path = path
        self.runsElsewhere = runsElsewhere
    }

    private static func isSubmitter(_ path: String) -> Bool {
        path.split(separator: "/").last?.hasPrefix("spark-submit") ?? false
    }

    /// Finds the program.
    ///
    /// In this order: what `setting` names; `.tools/spark-venv/bin/python`, where the project's set-up puts it, beside
    /// this program or in a directory above; `spark-submit` in the directories of `searchPath`.
    ///
    /// Cost: some system calls that look at files; the program is not started.
    ///
    /// - Parameters:
    ///   - setting: A path, or a name to be looked for in `searchPath`; `nil` or empty for none.
    ///   - remote: What `SPARK_REMOTE` is, if it is set.
    ///   - searchPath: Directories with colons between them, as in `PATH`.
    ///   - executable: This program's path.
    /// - Returns: The program.
    /// - Throws: ``SQLError/Code/engine`` when there is none.
    public static func locate(
        setting: String? = nil,
        remote: String? = nil,
        searchPath: String,
        executable: String? = nil
    ) throws(SQLError) -> Spark {
        let search = ProgramSearch(searchPath: searchPath, executable: executable)
        func spark(_ path: String) -> Spark {
            Spark(path: path, runsElsewhere: isSubmitter(path) || remote?.isEmpty == false)
        }
        if let setting, !setting.isEmpty {
            if let found = search.named(setting) { return spark(found) }
            throw SQLError(
                .engine,
                "\(setting) is not a program that can be run; name a Python with pyspark, or spark-submit."
            )
        }
        if let found = search.tool("spark-venv/bin/python") { return spark(found) }
        if let found = search.named("spark-submit") { return spark(found) }
        throw SQLError(
            .engine,
            "There is no Spark: no spark-submit on PATH, and none of the project's. Run scripts/setup-spark in a checkout of "
                + "Highwater (400 MB), or name a Python with pyspark, or spark-submit."
        )
    }
}
