import Foundation
import ObjectStorage
import Testing

@Suite("Threads for calls that block")
struct IOThreadsTests {
    private struct Failure: Error {}

    private static func currentThread() -> UInt {
        #if canImport(Darwin)
        unsafe UInt(bitPattern: pthread_self())
        #else
        UInt(pthread_self())
        #endif
    }

    @Test("Many calls share few threads, and all are made", .timeLimit(.minutes(5)))
    func bounds() async throws {
        let threads = IOThreads(maximumCount: 4)
        let used = Locked<Set<UInt>>([])
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<3000 {
                group.addTask {
                    try await threads.run {
                        if number % 10 == 0 { usleep(500) }
                        used.withLock { _ = $0.insert(Self.currentThread()) }
                        return number
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 3000 * 2999 / 2)
        #expect(used.withLock { $0.count } <= 4)
    }

    @Test("Blocked calls hold up neither the cooperative pool nor each other", .timeLimit(.minutes(5)))
    func blocking() async throws {
        let threads = IOThreads(maximumCount: 8)
        let count = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await threads.run {
                        count.withLock { $0 += 1 }
                        // All eight must be in here at once, or none gets out.
                        while count.withLock({ $0 }) < 8 { usleep(100) }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(count.withLock { $0 } == 8)
    }

    @Test("A call returns what it throws")
    func errors() async {
        await #expect(throws: Failure.self) { try await IOThreads.shared.run { throw Failure() } }
    }

    @Test("A task that prefers the threads makes its calls where it is")
    func preference() async throws {
        let threads = IOThreads(maximumCount: 2)
        try await withTaskExecutorPreference(threads) {
            let here = Self.currentThread()
            let there = try await threads.run { Self.currentThread() }
            #expect(here == there)
            let elsewhere = try await IOThreads(maximumCount: 1).run { Self.currentThread() }
            #expect(elsewhere != there)
        }
    }

    @Test("Threads wake up from sleep, again and again", .timeLimit(.minutes(5)))
    func sleep() async throws {
        let threads = IOThreads(maximumCount: 3)
        for round in 0..<300 {
            let (first, second) = try await beside {
                try await threads.run { round }
            } _: {
                try await threads.run { round }
            }
            #expect(first + second == 2 * round)
            // Around the time for which threads watch before they sleep.
            if round % 3 == 0 { usleep(UInt32(round % 50)) }
        }
    }
}
