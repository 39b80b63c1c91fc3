import Foundation
import Synchronization

/// Many programs, a few at a time.
struct Campaign: Sendable {
    /// What came of it.
    struct Result: Sendable {
        var programs = 0
        var operations = 0
        var failures = 0
        var seconds = 0.0
    }

    var seed: UInt64
    var programs: Int
    var duration: Duration?
    var jobs: Int
    var keepGoing: Bool
    var shrinks: Bool
    var show: Bool

    private final class Shared: Sendable {
        struct State {
            var next = 0
            var isStopped = false
            var result = Result()
        }
        let state = Mutex(State())
    }

    /// Runs programs until there are enough, time is up, or one has failed.
    func run(_ watchdog: Watchdog) async -> Result {
        let clock = ContinuousClock()
        let begin = clock.now
        let shared = Shared()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<jobs {
                group.addTask {
                    while let number = next(shared, clock.now - begin) { await run(number, shared, watchdog) }
                }
            }
        }
        let elapsed = clock.now - begin
        var result = shared.state.withLock { $0.result }
        result.seconds = (elapsed / .milliseconds(100)).rounded() / 10
        return result
    }

    private func next(_ shared: Shared, _ elapsed: Duration) -> Int? {
        shared.state.withLock { state in
            guard !state.isStopped, state.next < programs, duration.map({ elapsed < $0 }) ?? true else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    private func run(_ number: Int, _ shared: Shared, _ watchdog: Watchdog) async {
        let seed = seed &+ UInt64(number)
        var generator = ProgramGenerator(seed: seed)
        let program = generator.program()
        if show { print(program) }
        let violation = await watchdog.watch(program) { await ProgramRun.violation(of: program) }
        let isFirst = shared.state.withLock { state in
            state.result.programs += 1
            state.result.operations += program.steps.reduce(0) { $0 + $1.operations.count }
            guard violation != nil else { return false }
            state.result.failures += 1
            if !keepGoing { state.isStopped = true }
            return state.result.failures <= 10
        }
        if let violation, isFirst { await report(program, violation, watchdog) }
    }

    private func report(_ program: Program, _ violation: Violation, _ watchdog: Watchdog) async {
        defer { fflush(nil) }
        print("\nFAILED: journal-model --seed \(program.seed) --programs 1\n  \(violation)\n\(program)")
        fflush(nil)
        if !shrinks { return }
        // What tasks do at the same time differs from run to run: such a program gets several chances to fail.
        let isConcurrent = program.steps.contains { $0.operations.count > 1 }
        var shrinker = Shrinker { candidate in
            for _ in 0..<(isConcurrent ? 50 : 1) {
                if await watchdog.watch(candidate, { await ProgramRun.violation(of: candidate) }) != nil { return true }
            }
            return false
        }
        let smallest = await shrinker.shrink(program)
        var again: Violation?
        for _ in 0..<100 where again == nil {
            again = await watchdog.watch(smallest, { await ProgramRun.violation(of: smallest) })
        }
        guard let again else {
            print("\nIt does not fail each time; the smallest seen to fail:\n\(smallest)\n")
            return
        }
        print("\nThe smallest that fails:\n\(smallest)\n  \(again)\nThe store:\n\(again.history)\n")
    }
}
