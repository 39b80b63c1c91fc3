internal import EventJournal
internal import ObjectStorage
internal import RecordStreams
internal import StreamArchive
internal import Synchronization

/// One stream on its way into one journal.
struct ArchiveJob: Sendable {
    /// What messages begin with; `nil` for the only one there is.
    var name: String?
    var stream: String
    var journal: String
    var options: ArchiveOptions

    /// Says a line on standard error.
    func say(_ line: String) { Output.error("highwater: " + (name.map { "\($0): " } ?? "") + line) }

    /// What its settings cost a day at list prices; `nil` for stores that charge nothing.
    var cost: String? {
        guard let prices = RequestPrices.listed(journal) else { return nil }
        let (puts, gets) = options.requestsPerDay
        let cost = (puts * prices.write + gets * prices.read) / 1000
        return
            "at this latency and lease this archiver makes \(Text.count(Int(puts))) puts and \(Text.count(Int(gets))) gets a "
            + "day while records keep coming, beside those of compaction: about $\(Text.decimal(cost)) (\(prices.source))."
    }

    /// Archives, and says what happens.
    ///
    /// - Parameters:
    ///   - once: Whether to end when caught up.
    ///   - stops: Told of the archiver, to stop it in order.
    /// - Throws: What archiving throws; ``CommandError`` with ``Failure/partial`` when there is a gap.
    func run(once: Bool, stops: ArchiveStops) async throws {
        let source = try StreamURL.source(stream)
        let journal = try await JournalArgument.open(journal, create: true)
        if !once, let cost { say(cost) }
        let archiver = StreamArchiver(source, into: journal, options: options) { notice in
            if let line = notice.line { say(line) }
        }
        stops.add(archiver)
        // A stream that fails is tried again with another archiver.
        defer { stops.remove(archiver) }
        // A signal ends it in order: what was read is stored, and shards are handed over.
        let report = try await shielded { try await archiver.run(once: once) }
        say(report.line(source.name))
        if report.gaps.isEmpty { return }
        throw CommandError(
            status: Failure.partial,
            message:
                "\(Text.count(report.gaps.count, "gap")): records of \(source.name) expired before they were archived, "
                + "or may have. `highwater archive status \(self.journal)` shows their bounds."
        )
    }
}

/// The archivers at work, which a signal stops in order.
final class ArchiveStops: Sendable {
    private let state = Mutex<(isStopping: Bool, archivers: [StreamArchiver])>((false, []))

    /// Whether ``stop()`` was called.
    var isStopping: Bool { state.withLock(\.isStopping) }

    func add(_ archiver: StreamArchiver) {
        let isLate = state.withLock { state in
            state.archivers.append(archiver)
            return state.isStopping
        }
        if isLate { archiver.stop() }
    }

    /// Forgets an archiver that has ended.
    func remove(_ archiver: StreamArchiver) { state.withLock { $0.archivers.removeAll { $0 === archiver } } }

    func stop() {
        let archivers = state.withLock { state in
            state.isStopping = true
            return state.archivers
        }
        for archiver in archivers { archiver.stop() }
    }
}

/// Several streams at once, each by itself: what happens to one is no matter to the others.
struct ArchiveJobs: Sendable {
    var jobs: [ArchiveJob]

    /// How long a stream that failed for good is left alone, before it is tried again.
    private static let pause = Duration.seconds(60)

    /// Archives all.
    ///
    /// Running for ever, a stream that fails is tried again each minute; running once, it has failed.
    ///
    /// - Throws: When every stream has ended, the error of the only one, or ``CommandError`` with the status of the
    ///   first that failed.
    func run(once: Bool) async throws {
        let stops = ArchiveStops()
        let failures = try await Signals.cancellable {
            await withTaskCancellationHandler {
                await withTaskGroup(of: (name: String, error: (any Error)?).self) { group in
                    for job in jobs {
                        group.addTask { (job.name ?? StreamURL.shown(job.stream), await run(job, once: once, stops)) }
                    }
                    var failures: [(name: String, error: any Error)] = []
                    for await (name, error) in group { if let error { failures.append((name, error)) } }
                    return failures
                }
            } onCancel: {
                stops.stop()
            }
        }
        guard let first = failures.first else { return }
        if jobs.count == 1 { throw first.error }
        throw CommandError(
            status: Failure.status(ofAny: first.error),
            message: "failed: \(failures.map(\.name).sorted().joined(separator: ", ")) "
                + "(\(failures.count) of \(Text.count(jobs.count, "stream")))."
        )
    }

    /// - Returns: Why it failed; `nil` when it ended as it should.
    private func run(_ job: ArchiveJob, once: Bool, _ stops: ArchiveStops) async -> (any Error)? {
        while true {
            do {
                try await job.run(once: once, stops: stops)
                return nil
            } catch let failure {
                // The only one says it as the error of the program.
                if jobs.count == 1 || failure is CancellationError { return failure }
                if once || stops.isStopping || (failure as? CommandError)?.status == Failure.partial {
                    job.say(Failure.message(of: failure))
                    return failure
                }
                job.say("\(Failure.message(of: failure)) Trying again in a minute.")
                let end = ContinuousClock.now + Self.pause
                while !stops.isStopping, ContinuousClock.now < end {
                    // A signal ends the wait, and what had failed has failed.
                    do { try await Task.sleep(for: .milliseconds(200)) } catch { return failure }
                }
                if stops.isStopping { return failure }
            }
        }
    }
}

extension ArchiveReport {
    fileprivate func line(_ stream: String) -> String {
        var text =
            "archived \(Text.count(records, "record")) of \(stream) (\(Text.bytes(payloadBytes))) in "
            + Text.count(segments, "segment")
        if endedShards > 0 { text += "; \(Text.count(endedShards, "shard")) ended" }
        if elsewhere > 0 { text += "; with other archivers: \(Text.count(elsewhere, "shard"))" }
        if withoutTime > 0 {
            text += "; with the time of arrival, since no other is stated: \(Text.count(withoutTime, "record"))"
        }
        return text + "."
    }
}

extension ArchiveNotice {
    /// What to say; `nil` when it is not worth a line.
    fileprivate var line: String? {
        switch self {
        case .stored: nil
        case .shards(let shards):
            shards.isEmpty
                ? "no shard is ours now." : "ours now: \(Text.count(shards.count, "shard")), \(shards.preview)."
        case .gap(let gap): "GAP: \(gap.line)"
        case .retrying(let wait, let reason): "trying again in \(Text.seconds(wait.seconds)): \(reason)"
        }
    }
}

extension StreamGap {
    /// For people.
    var line: String {
        let through = archivedThrough.map { " (archived through \(Timestamp(microseconds: $0).rfc3339))" } ?? ""
        return "\(shard): records behind \(after ?? "its beginning")\(through) and before \(before ?? "its end") "
            + (isCertain
                ? "are lost: they" : "may be lost: the stream has let go of that position, and others may have")
            + " expired before they were archived."
    }
}

extension [String] {
    /// The first few.
    fileprivate var preview: String { prefix(8).joined(separator: ", ") + (count > 8 ? ", …" : "") }
}
