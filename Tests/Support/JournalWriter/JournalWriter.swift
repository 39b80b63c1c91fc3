import EventJournal

/// Appends events for ever, or so many, and says on standard output which are acknowledged: for tests that kill it.
///
///     journal-writer JOURNAL NAME BATCHES EVENTS-PER-BATCH
@main
struct JournalWriter {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let batches = Int(arguments[3]), let size = Int(arguments[4]) else {
            print("usage: journal-writer JOURNAL NAME BATCHES EVENTS-PER-BATCH")
            return
        }
        let journal = try await Journal.open(arguments[1])
        for batch in 0..<batches {
            let events = (0..<size)
                .map { number in
                    let id = "\(arguments[2])-\(batch)-\(number)"
                    return Event(id: id, timestamp: .now, key: arguments[2], data: Array("{\"id\":\"\(id)\"}".utf8))
                }
            try await journal.append(events)
            // One write per line: what a killed process has said, it has said whole.
            print("acknowledged \(arguments[2])-\(batch)")
            flush()
        }
    }

    private static func flush() { _ = fflush(nil) }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
