import EventJournal
import GoogleCloudStorage
import ObjectStorage
import S3Storage

/// Writes to a journal, or compacts it, for ever or so many times, and says on standard output what is acknowledged:
/// for tests that kill it.
///
///     journal-writer JOURNAL NAME BATCHES EVENTS-PER-BATCH      appends
///     journal-writer change JOURNAL NAME BATCHES EVENTS-PER-BATCH    appends, updates and deletes
///     journal-writer compact JOURNAL TARGET-BYTES               compacts and vacuums
@main
struct JournalWriter {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "compact":
            guard arguments.count == 3, let bytes = Int(arguments[2]) else { return usage() }
            try await compact(arguments[1], targetBytes: bytes)
        case "change":
            guard arguments.count == 5 else { return usage() }
            try await write(arguments.dropFirst(), withChanges: true)
        default:
            guard arguments.count == 4 else { return usage() }
            try await write(arguments[...], withChanges: false)
        }
    }

    private static var registry: ObjectStoreRegistry {
        var registry = ObjectStoreRegistry.standard
        registry.registerS3()
        registry.registerGoogleCloud()
        return registry
    }

    private static func usage() {
        print(
            "usage: journal-writer [change] JOURNAL NAME BATCHES EVENTS | journal-writer compact JOURNAL TARGET-BYTES"
        )
    }

    private static func write(_ arguments: ArraySlice<String>, withChanges: Bool) async throws {
        let (path, name) = (arguments[arguments.startIndex], arguments[arguments.startIndex + 1])
        guard let batches = Int(arguments[arguments.startIndex + 2]),
            let size = Int(arguments[arguments.startIndex + 3])
        else { return usage() }
        let journal = try await Journal.open(path, registry: registry)
        for batch in 0..<batches {
            let events = (0..<size)
                .map { number in
                    let id = "\(name)-\(batch)-\(number)"
                    return Event(id: id, timestamp: .now, key: name, data: Array("{\"id\":\"\(id)\"}".utf8))
                }
            try await journal.append(events)
            say("acknowledged \(name)-\(batch)")
            if withChanges { try await change(journal, name, batch, size) }
        }
    }

    /// Changes events of some batch before, each once: the second one is updated, the third one deleted.
    private static func change(_ journal: Journal, _ name: String, _ batch: Int, _ size: Int) async throws {
        let victim = batch / 2
        if batch % 2 == 1, size > 2 {
            let (updated, deleted) = ("\(name)-\(victim)-1", "\(name)-\(victim)-2")
            say("updating \(updated)")
            try await journal.update(updated, data: Array("{\"id\":\"\(updated)\",\"updated\":true}".utf8))
            say("updated \(updated)")
            say("deleting \(deleted)")
            try await journal.delete(deleted)
            say("deleted \(deleted)")
        }
    }

    private static func compact(_ path: String, targetBytes: Int) async throws {
        let journal = try await Journal.open(path, registry: registry)
        var round = 0
        while true {
            round += 1
            do {
                let policy = CompactionPolicy(
                    force: true,
                    targetObjectBytes: targetBytes,
                    appliesChanges: round.isMultiple(of: 2),
                    isThorough: round.isMultiple(of: 3)
                )
                let report = try await journal.compact(policy)
                if report.commits > 0 { say("compacted \(report.commits)") }
                if round.isMultiple(of: 4) {
                    try await journal.vacuum()
                    say("vacuumed")
                }
            } catch let error as JournalError where error.code == .conflict {
                say("conflict")
            }
        }
    }

    /// One write per line: what a killed process has said, it has said whole.
    private static func say(_ line: String) {
        print(line)
        _ = fflush(nil)
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
