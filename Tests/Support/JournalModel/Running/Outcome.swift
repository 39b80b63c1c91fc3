import EventJournal

/// What an operation came to, as its caller sees it.
enum Outcome: Sendable {
    /// Nothing to tell.
    case done
    case put(Event)
    case appended(AppendReceipt)
    /// The event as it is now.
    case updated(Event)
    /// The event as it was.
    case deleted(Event)
    case event(Event?)
    case replay([Event])
    case statistics(JournalStatistics)
    case verified(VerificationReport)
    case compacted(CompactionReport)
    case notDue
    case vacuumed(VacuumReport)
    case erased(ErasureReport)
    case reindexed(Int)
    case addedColumns([PromotedColumn])
    case removedColumns
    case filledColumns(CompactionReport)
    case columns([PromotedColumnStatus])
    case tables(ModelTables)
    case followed(Poll)
    case failed(JournalError)
    /// An error that no method may throw.
    case unexpected(String)

    var isFailure: Bool {
        switch self {
        case .failed, .unexpected: true
        default: false
        }
    }
}

extension ModelActor {
    /// Carries out what an operation asks of the journal.
    func perform(_ operation: Operation) async -> Outcome {
        if let request = operation.diesAt { process.die(at: request) }
        return await CurrentOperation.$number.withValue(operation.number) {
            do {
                return try await outcome(of: operation.action)
            } catch let error as JournalError {
                return .failed(error)
            } catch let violation as Violation {
                return .unexpected(violation.description)
            } catch {
                return .unexpected("\(type(of: error)): \(error)")
            }
        }
    }

    private func outcome(of action: Operation.Action) async throws -> Outcome {
        switch action {
        case .put(let event):
            // `put` takes neither a source nor a sequence.
            return .put(try await journal.put(event.data, id: event.id, at: event.timestamp, key: event.key))
        case .append(let events): return .appended(try await journal.append(events))
        case .update(let id, let data): return .updated(try await journal.update(id, data: data))
        case .delete(let id): return .deleted(try await journal.delete(id))
        case .event(let id): return .event(try await journal.event(id))
        case .replay(let after, let through, let windowBytes, let latestPerKey):
            var options = ReplayOptions(latestPerKey: latestPerKey)
            // Far below what is sensible, so that windows end between any two events.
            options.windowBytes = windowBytes
            var events: [Event] = []
            for try await batch in journal.replay(after: after, through: through, options: options) {
                events.append(contentsOf: (0..<batch.count).map { batch[$0] })
            }
            return .replay(events)
        case .statistics: return .statistics(try await journal.statistics())
        case .verify: return .verified(try await journal.verify())
        case .compact(let policy): return .compacted(try await journal.compact(policy))
        case .compactIfDue(let segments):
            let settings = AutomaticCompaction(inboxSegments: segments)
            return try await journal.compactIfDue(settings).map(Outcome.compacted) ?? .notDue
        case .vacuum(let options): return .vacuumed(try await journal.vacuum(options))
        case .erase(let ids, let waits):
            return .erased(try await journal.erase(ids: ids, options: ErasureOptions(waits: waits)))
        case .reindex: return .reindexed(try await journal.reindex())
        case .addColumns(let columns): return .addedColumns(try await journal.addColumns(columns))
        case .removeColumns(let names):
            try await journal.removeColumns(names)
            return .removedColumns
        case .fillColumns: return .filledColumns(try await journal.fillColumns())
        case .columns: return .columns(try await journal.columns())
        case .tables(let after, let through, let wholeBytes):
            let range = EventRange(after: after, through: through)
            return .tables(try await journal.modelTables(range, wholeBytes: wholeBytes))
        case .follow(let mark, let batches, let windowBytes):
            return .followed(
                try await follower.poll(journal, mark: mark, batches: batches, windowBytes: windowBytes)
            )
        case .wait: return .done
        case .moveClock(let microseconds):
            clock.move(by: microseconds)
            return .done
        case .reopen: return .done
        }
    }
}
