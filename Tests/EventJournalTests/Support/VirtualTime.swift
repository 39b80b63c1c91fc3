import Synchronization

@testable import EventJournal

/// Time that only passes when it is told to, or when somebody waits.
final class VirtualTime: Sendable {
    private let passed = Mutex(Duration.zero)
    /// 2024-03-01.
    private let start: Int64 = 1_709_251_200_000_000

    func advance(by duration: Duration) { passed.withLock { $0 += duration } }

    /// The wall clock, a millisecond later each time it is asked.
    var timestamp: Timestamp {
        let now = passed.withLock { passed in
            passed += .milliseconds(1)
            return passed
        }
        return Timestamp(microseconds: start + Int64(now / .microseconds(1)))
    }

    var journalTime: JournalTime {
        JournalTime(
            now: { [self] in passed.withLock { $0 } },
            sleep: { [self] duration in
                try Task.checkCancellation()
                advance(by: duration)
                await Task.yield()
            }
        )
    }
}
