internal import ObjectStorage

/// Rewrites the segments of the catalog that lack a promoted column, one after the other.
struct ColumnFilling: Sendable {
    let context: CompactionContext
    var progress: (@Sendable (CompactionProgress) -> Void)?

    /// So often in a row a race may be lost before it gives up.
    private static let mostLostRaces = 12

    /// Does all there is to do.
    func run() async throws -> CompactionReport {
        var report = CompactionReport()
        var lostRaces = 0
        var left: [Segment] = []
        repeat {
            try Task.checkCancellation()
            let listing = try await context.listing()
            let wanted = listing.state.columns.live.map(\.name)
            left = listing.state.segments.filter { segment in
                wanted.contains { !segment.filledColumns.contains($0) }
            }
            // In order of time, so that what is interrupted has filled the past up to some moment.
            left.sort { ($0.first, $0.key) < ($1.first, $1.key) }
            let total = report.events + left.reduce(0) { $0 + $1.events }
            for segment in left {
                try Task.checkCancellation()
                var task = CompactionTask(
                    context: context,
                    policy: CompactionPolicy(targetObjectBytes: max(segment.objectBytes * 2, 128 << 20)),
                    job: CompactionJob(catalog: [segment.key]),
                    planned: listing
                )
                task.progress = { [progress, report] events, _, payloadBytes in
                    progress?(
                        CompactionProgress(
                            events: report.events + events,
                            ofEvents: total,
                            payloadBytes: report.payloadBytes + payloadBytes,
                            commits: report.commits
                        )
                    )
                }
                guard case .done(let done) = try await task.run() else {
                    try await lose(&lostRaces)
                    break
                }
                lostRaces = 0
                report.add(done)
            }
        } while !left.isEmpty
        return report
    }

    /// Counts a lost race, and waits a little so that the others get on.
    private func lose(_ lostRaces: inout Int) async throws {
        lostRaces += 1
        guard lostRaces < ColumnFilling.mostLostRaces else {
            throw JournalError(
                .conflict,
                "Filling the columns of \(context.store.location) lost \(lostRaces) races against compactions; what it did "
                    + "before stands. Try again later."
            )
        }
        try await context.time.sleep(context.jitter(.milliseconds(min(5000, 50 << lostRaces))))
    }
}
