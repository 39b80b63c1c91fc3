internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Threads for system calls that block, so that they do not hold up Swift's cooperative pool.
///
/// A bounded number of threads is started as needed and kept. Work that finds them all busy waits in a queue, in order;
/// each entry of the queue is a suspended task, so the queue is as long as the callers are many. Work handed in must
/// not wait for other work handed in, or it could wait for a thread that it holds itself.
///
/// It is a task executor as well: a task that prefers it (`withTaskExecutorPreference`) runs on these threads, and then
/// ``run(_:)`` calls its closure directly, without the change of threads and back.
package final class IOThreads: TaskExecutor {
    /// The threads that all local stores of the process share.
    ///
    /// Sixteen, whatever the number of cores: they mostly wait for the disk, and file systems combine the
    /// synchronisations that wait at the same time.
    package static let shared = IOThreads(maximumCount: 16)

    private enum Work: Sendable {
        case closure(@Sendable () -> Void)
        case job(UnownedJob)
    }

    /// A thread's letter box: filled by whoever takes the worker out of `State.parked`, then emptied by its thread.
    private final class Worker: Sendable {
        private static let isAsleep = 0
        private static let isWatching = 1
        private static let hasWork = 2

        private let wakeUp = DispatchSemaphore(value: 0)
        private let next: Mutex<Work?>
        private let state: Atomic<Int>

        init(_ work: Work) {
            next = Mutex(work)
            state = Atomic(Self.hasWork)
        }

        /// Gives the worker work; only for who took it out of `State.parked`.
        func give(_ work: Work) {
            next.withLock { $0 = work }
            if state.exchange(Self.hasWork, ordering: .acquiringAndReleasing) == Self.isAsleep { wakeUp.signal() }
        }

        /// Says that the worker can be given work; to be called before it is put into `State.parked`.
        func beginWatching() { state.store(Self.isWatching, ordering: .relaxed) }

        /// Waits until there is work and takes it.
        ///
        /// At first without sleeping: requests often come one after the other, and waking a thread takes about 10 µs,
        /// as long as a request to the page cache. Giving way each time lets other threads have the core, and only one
        /// worker does it at a time.
        func takeWork(_ watchers: borrowing Atomic<Int>) -> Work? {
            if watchers.add(1, ordering: .relaxed).oldValue == 0 {
                let end = ContinuousClock.now + .microseconds(25)
                while state.load(ordering: .acquiring) == Self.isWatching, ContinuousClock.now < end { sched_yield() }
            }
            watchers.subtract(1, ordering: .relaxed)
            let (isAsleep, _) = state.compareExchange(
                expected: Self.isWatching,
                desired: Self.isAsleep,
                ordering: .acquiringAndReleasing
            )
            if isAsleep { wakeUp.wait() }
            return next.withLock { $0.take() }
        }
    }

    private struct State {
        var queue: [Work] = []
        var queueStart = 0
        var parked: [Worker] = []
        var count = 0
    }

    private let state = Mutex(State())
    private let watchers = Atomic(0)
    private let maximumCount: Int

    /// Makes a pool that has no thread yet.
    package init(maximumCount: Int) {
        precondition(maximumCount > 0, "A pool of \(maximumCount) threads could run nothing")
        self.maximumCount = maximumCount
    }

    /// Runs a closure that may block on one of the threads, and returns what it returns.
    ///
    /// Costs two changes of threads, unless the task is already on such a thread. Cancelling the task does not
    /// interrupt the closure.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        if isOnOwnThread { return try body() }
        return try await withCheckedThrowingContinuation { continuation in
            let call = Call(body)
            hand(.closure { continuation.resume(with: call.make()) })
        }
    }

    /// Runs a task's job on one of the threads.
    package func enqueue(_ job: consuming ExecutorJob) {
        hand(.job(UnownedJob(job)))
    }

    private var isOnOwnThread: Bool {
        unsafe pthread_getspecific(Self.ownerKey) == Unmanaged.passUnretained(self).toOpaque()
    }

    /// The thread-specific slot in which a worker's thread keeps its pool.
    private static let ownerKey: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "pthread_key_create failed with error \(status)")
        return key
    }()

    private func hand(_ work: Work) {
        enum Action {
            case wake(Worker)
            case start(Worker)
            case none
        }
        let action: Action = state.withLock { state in
            if let worker = state.parked.popLast() { return .wake(worker) }
            if state.count < maximumCount {
                state.count += 1
                return .start(Worker(work))
            }
            state.queue.append(work)
            return .none
        }
        switch action {
        case .wake(let worker): worker.give(work)
        case .start(let worker): start(worker)
        case .none: break
        }
    }

    /// The next work for a worker that has nothing to do; parks it when there is none.
    private func nextWork(for worker: Worker) -> Work? {
        state.withLock { state in
            guard state.queueStart < state.queue.count else {
                worker.beginWatching()
                state.parked.append(worker)
                return nil
            }
            let work = state.queue[state.queueStart]
            state.queueStart += 1
            if state.queueStart == state.queue.count {
                state.queue.removeAll(keepingCapacity: state.queue.capacity <= 1024)
                state.queueStart = 0
            } else if state.queueStart >= 1024 {
                state.queue.removeFirst(state.queueStart)
                state.queueStart = 0
            }
            return work
        }
    }

    private func serve(_ worker: Worker) {
        // A worker is started with work in its box, which comes before what is in the queue.
        var work = worker.takeWork(watchers)
        while true {
            switch work {
            case .closure(let body): body()
            case .job(let job): unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            case nil: break
            }
            work = nextWork(for: worker) ?? worker.takeWork(watchers)
        }
    }

    /// A closure that is let go of before its result is told, whoever else still holds the call.
    ///
    /// So files that only the closure kept open are closed, and temporary ones gone, when its caller goes on.
    private final class Call<Value: Sendable>: Sendable {
        private let body: Mutex<(@Sendable () throws -> Value)?>

        init(_ body: @escaping @Sendable () throws -> Value) { self.body = Mutex(body) }

        func make() -> Result<Value, any Error> {
            guard let body = body.withLock({ $0.take() }) else { preconditionFailure("A call was made twice") }
            return Result(catching: body)
        }
    }

    /// What a new thread is told.
    private final class Start: Sendable {
        let pool: IOThreads
        let worker: Worker

        init(pool: IOThreads, worker: Worker) {
            self.pool = pool
            self.worker = worker
        }

        func callAsFunction() {
            // The program decides which of its threads takes signals; one that came here would be lost to who waits for
            // it.
            var all = sigset_t()
            unsafe sigfillset(&all)
            unsafe pthread_sigmask(SIG_SETMASK, &all, nil)
            unsafe pthread_setspecific(IOThreads.ownerKey, Unmanaged.passUnretained(pool).toOpaque())
            pool.serve(worker)
        }
    }

    private func start(_ worker: Worker) {
        let argument = unsafe Unmanaged.passRetained(Start(pool: self, worker: worker)).toOpaque()
        #if canImport(Darwin)
        var thread: pthread_t?
        let status = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()()
                return nil
            },
            argument
        )
        #else
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                if let argument = unsafe argument { unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()() }
                return nil
            },
            argument
        )
        #endif
        precondition(status == 0, "No thread for file access could be started: error \(status); raise the thread limit")
    }
}
