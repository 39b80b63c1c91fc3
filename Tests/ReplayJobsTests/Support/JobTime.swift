import EventJournal
import Synchronization

/// A course of time in which waiting takes a millisecond, however long it is.
final class JobTime: Sendable {
    private let now = Mutex(Duration.zero)

    /// What a journal's jobs see.
    var course: JournalTime {
        JournalTime(
            now: { [self] in now.withLock(\.self) },
            sleep: { [self] duration in
                try await Task.sleep(for: .milliseconds(1))
                now.withLock { $0 += duration }
            }
        )
    }
}
