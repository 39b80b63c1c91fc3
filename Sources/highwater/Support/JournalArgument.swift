internal import ArgumentParser
internal import EventJournal
internal import ObjectStorage

/// The journal every command begins with.
struct JournalArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The journal: a directory, or a URL (s3://bucket/prefix, gs://…, file:…).",
            valueName: "journal"
        ),
        completion: .directory
    )
    var journal: String

    /// Opens it.
    ///
    /// - Parameters:
    ///   - create: Whether it may be a new one.
    ///   - configuration: Settings.
    /// - Returns: The open journal.
    /// - Throws: ``JournalError`` when there is none or it cannot be read.
    func open(create: Bool, configuration: JournalConfiguration = .defaults) async throws -> Journal {
        try await JournalArgument.open(journal, create: create, configuration: configuration)
    }

    /// Opens a journal by its name.
    static func open(
        _ journal: String,
        create: Bool,
        configuration: JournalConfiguration = .defaults
    ) async throws -> Journal {
        try ObjectStoreRegistry.refuseCredentials(journal)
        return try await Journal.open(journal, create: create, configuration: configuration, registry: .program)
    }
}
