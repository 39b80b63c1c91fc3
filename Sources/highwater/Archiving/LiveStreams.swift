internal import EventJournal
internal import ObjectStorage
internal import RecordStreams
internal import SQLQuery
internal import StreamArchive

/// Streams of which a query sees what is not archived yet.
struct LiveStreams {
    /// Their URLs.
    var urls: [String]
    /// How the archiver is told to take the time of events.
    var settings: ArchiveSettings

    /// A journal with what was on the streams; its files go away with this.
    struct View {
        let journal: Journal
        let reports: [StreamTail.Report]
        fileprivate let scratch: ScratchDirectory?
    }

    /// Reads the streams up to now.
    ///
    /// - Parameters:
    ///   - journal: The journal they are archived into.
    ///   - progress: Told how far it is.
    /// - Returns: The journal with it.
    /// - Throws: `StreamError`, `JournalError`, `SQLError` when no temporary files can be written.
    func over(_ journal: Journal, progress: (@Sendable (SQLProgress) -> Void)?) async throws -> View {
        if urls.isEmpty { return View(journal: journal, reports: [], scratch: nil) }
        let sources = try urls.map { try StreamURL.source($0) }
        if let twice = sources.map(\.name).firstRepeated {
            throw CommandError(status: Failure.usage, message: "--live names \(twice) twice.")
        }
        let options = try settings.options()
        let scratch = try ScratchDirectory(in: SQLEngine.temporaryDirectory)
        let overlay = JournalOverlay(over: journal, in: LocalObjectStore(directory: "\(scratch.path)/live"))
        var reports: [StreamTail.Report] = []
        for source in sources {
            let before = reports.reduce(0) { $0 + $1.records }
            let report = try await StreamTail(source, options: options)
                .read(behind: journal, into: overlay) {
                    progress?(.live(records: before + $0))
                }
            reports.append(report)
        }
        return View(journal: overlay.journal(), reports: reports, scratch: scratch)
    }
}

extension StreamTail.Report {
    /// What has to be said about it.
    var warnings: [String] {
        var lines = gaps.map { "GAP: \(stream), \($0.line)" }
        if withoutTime > 0 {
            lines.append(
                "\(stream): with the time of arrival, since no other is stated: \(Text.count(withoutTime, "record"))"
            )
        }
        return lines
    }
}

extension [String] {
    fileprivate var firstRepeated: String? {
        var seen: Set<String> = []
        return first { !seen.insert($0).inserted }
    }
}
