internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What the program does about signals.
enum Signals {
    /// Makes a write to a closed pipe an error instead of the program's death.
    static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Runs `body` so that the first Ctrl-C (or SIGTERM) cancels it and a second one ends the program at once.
    ///
    /// - Throws: What `body` throws; `CancellationError` when it was interrupted and gave up.
    static func cancellable<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            let interrupts = Interrupts { exit(Failure.interrupted) }
            defer { interrupts.stop() }
            return try await firstOf(interrupts.arrived, &group)
        }
    }

    /// The body's result, or what it makes of being cancelled when a signal comes first.
    private static func firstOf<Result: Sendable>(
        _ signals: AsyncStream<Void>,
        _ group: inout ThrowingTaskGroup<Result, any Error>
    ) async throws -> Result {
        // The listener ends with a cancellation of the group as soon as a signal came.
        group.addTask {
            for await _ in signals { throw CancellationError() }
            // Nothing more can come: wait until the body has ended and this task is cancelled.
            try await Task.sleep(for: .seconds(1 << 30))
            throw CancellationError()
        }
        do {
            guard let result = try await group.next() else { throw CancellationError() }
            group.cancelAll()
            return result
        } catch let error as CancellationError {
            group.cancelAll()
            // What the body makes of its cancellation counts: it may have a result to report all the same.
            while let outcome = await group.nextResult() {
                switch outcome {
                case .success(let result): return result
                case .failure(let failure) where !(failure is CancellationError): throw failure
                case .failure: continue
                }
            }
            throw error
        }
    }

    /// Ends the program without running destructors of tasks that may still be at work.
    static func exit(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }
}

/// Listens for Ctrl-C and SIGTERM.
private final class Interrupts {
    /// One element for the first signal.
    let arrived: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init(again: @escaping @Sendable () -> Void) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        arrived = stream
        let queue = DispatchQueue(label: "highwater.signals")
        let count = SignalCount()
        sources = [SIGINT, SIGTERM]
            .map { number in
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                #if canImport(Darwin)
                // Not before it listens: a signal in between would be lost instead of ending the program. On Linux
                // Dispatch takes the signal over when it listens, and must find that nobody else has.
                source.setRegistrationHandler { signal(number, SIG_IGN) }
                #endif
                source.setEventHandler {
                    if count.value.add(1, ordering: .relaxed).newValue > 1 { again() } else { continuation.yield() }
                }
                source.resume()
                return source
            }
    }

    func stop() {
        for source in sources { source.cancel() }
    }
}

/// How many signals came.
private final class SignalCount: Sendable {
    let value = Atomic<Int>(0)
}
