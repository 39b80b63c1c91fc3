import EventJournal

/// One thing that an actor does, with all that chance decides about it, so that it stays the same when others are taken
/// out.
struct Operation: Sendable {
    /// What is done.
    enum Action: Sendable {
        case put(Event)
        case append([Event])
        case update(id: String, data: [UInt8])
        case delete(id: String)
        case event(String)
        case replay(after: Timestamp?, through: Timestamp?, windowBytes: Int, latestPerKey: Bool)
        case statistics
        case verify
        case compact(CompactionPolicy)
        /// Compacts if so many segments wait.
        case compactIfDue(segments: Int)
        case vacuum(VacuumOptions)
        case erase([String], waits: Bool)
        case reindex
        case addColumns([PromotedColumn])
        case removeColumns([String])
        /// Gives the catalog's segments the columns they lack.
        case fillColumns
        /// Asks for the columns, and how far they are filled.
        case columns
        /// Reads what an SQL engine would read; segments of the inbox with so many bytes as they are.
        case tables(after: Timestamp?, through: Timestamp?, wholeBytes: Int)
        /// Asks a follower for what is new, some batches at most, and moves its mark.
        case follow(mark: String, batches: Int, windowBytes: Int)
        /// Time passes for everybody.
        case wait(seconds: Int64)
        /// The actor's wall clock jumps, perhaps back.
        case moveClock(microseconds: Int64)
        /// The actor goes on as a new process that knows nothing.
        case reopen
    }

    /// Which of the program it is; faults hang on this number.
    var number: Int
    var actor: Int
    var action: Action
    /// Its process dies at this request of the operation, counted from 0.
    var diesAt: Int?

    /// Whether it lists the inbox when it succeeds.
    var lists: Bool {
        switch action {
        case .event, .replay, .statistics, .verify: true
        default: looksUpFirst
        }
    }

    /// Whether it lists the inbox before it writes.
    var looksUpFirst: Bool {
        switch action {
        case .put, .update, .delete: true
        default: false
        }
    }

    /// Whether it stores rows when it succeeds.
    var writes: Bool {
        switch action {
        case .put, .append, .update, .delete: true
        default: false
        }
    }
}

extension Operation: CustomStringConvertible {
    var description: String {
        let death = diesAt.map { ", dies at request \($0)" } ?? ""
        return "#\(number) actor \(actor): \(action)\(death)"
    }
}

extension Operation.Action: CustomStringConvertible {
    var description: String {
        switch self {
        case .put(let event): "put \(event.short)"
        case .append(let events): "append [\(events.map(\.short).joined(separator: ", "))]"
        case .update(let id, let data): "update \(id)=\(ModelPayload.short(data))"
        case .delete(let id): "delete \(id)"
        case .event(let id): "event \(id)"
        case .replay(let after, let through, let windowBytes, let latestPerKey):
            "replay after \(after.short) through \(through.short), windows of \(windowBytes)"
                + (latestPerKey ? ", latest per key" : "")
        case .statistics: "statistics"
        case .verify: "verify"
        case .compact(let policy): "compact \(policy.short)"
        case .compactIfDue(let segments): "compact if \(segments) segments wait"
        case .vacuum(let options): "vacuum \(options.retention)\(options.isDryRun ? ", dry run" : "")"
        case .erase(let ids, let waits): "erase \(ids.joined(separator: ", "))\(waits ? "" : " without waiting")"
        case .reindex: "reindex"
        case .addColumns(let columns): "add columns \(columns.map(\.definition).joined(separator: ", "))"
        case .removeColumns(let names): "remove columns \(names.joined(separator: ", "))"
        case .fillColumns: "fill columns"
        case .columns: "columns"
        case .tables(let after, let through, let wholeBytes):
            "tables after \(after.short) through \(through.short)\(wholeBytes == .max ? "" : ", segments as they are")"
        case .follow(let mark, let batches, let windowBytes):
            "follow \(mark), \(batches == .max ? "all" : "\(batches)") batches, windows of \(windowBytes)"
        case .wait(let seconds): "wait \(seconds) s"
        case .moveClock(let microseconds): "clock \(microseconds > 0 ? "+" : "")\(microseconds) us"
        case .reopen: "reopen"
        }
    }
}

extension Event {
    /// The event in few characters: `id@timestamp/key=payload`.
    var short: String {
        "\(id)@\(timestamp.microseconds)\(key.map { "/\($0)" } ?? "")=\(ModelPayload.short(data))"
    }
}

extension CompactionPolicy {
    /// What of the policy is not as by default.
    fileprivate var short: String {
        var parts = ["objects of \(targetObjectBytes)", "jobs of \(jobPayloadBytes)", "depth \(maximumDepth)"]
        if minimumEvents > 1 { parts.append("at least \(minimumEvents) events") }
        if force { parts.append("forced") }
        if appliesChanges { parts.append("with changes") }
        if pendingChanges < 10_000 { parts.append("with \(pendingChanges) changes") }
        if isThorough { parts.append("thorough") }
        return parts.joined(separator: ", ")
    }
}

extension Timestamp? {
    fileprivate var short: String { self.map { "\($0.microseconds)" } ?? "-" }
}
