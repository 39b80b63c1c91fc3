import Dispatch
import Foundation
import Synchronization

/// Ends the process when a program hangs, and says which.
///
/// A thread of its own looks, since a program that hangs may hold all those that tasks run on.
final class Watchdog: Sendable {
    private struct Watched {
        var program: Program
        var begin: ContinuousClock.Instant
    }

    private struct State {
        var next = 0
        var watched: [Int: Watched] = [:]
    }

    private let state = Mutex(State())
    private let timeout: Duration

    init(timeout: Duration) { self.timeout = timeout }

    /// Begins to look, for as long as the process lives.
    func start() {
        let thread = Thread { [self] in
            while true {
                Thread.sleep(forTimeInterval: 1)
                look()
            }
        }
        thread.start()
    }

    /// Runs a program under watch.
    func watch<Result>(_ program: Program, _ body: () async -> Result) async -> Result {
        let number = state.withLock { state in
            state.next += 1
            state.watched[state.next] = Watched(program: program, begin: .now)
            return state.next
        }
        let result = await body()
        state.withLock { $0.watched[number] = nil }
        return result
    }

    private func look() {
        let hung = state.withLock { state in state.watched.values.first { $0.begin.duration(to: .now) > timeout } }
        guard let hung else { return }
        print("\nHUNG: journal-model --seed \(hung.program.seed) --programs 1\n\(hung.program)")
        fflush(nil)
        exit(2)
    }
}
