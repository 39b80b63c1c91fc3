internal import ObjectStorage
internal import Synchronization

/// Decides on faults, keeps their log, and carries them out.
final class FaultInjector: Sendable {
    /// The faults of one request.
    struct Faults {
        let request: StoreRequest
        let all: [Fault]

        /// The error that is made up; of several the first.
        func error(isBefore: Bool) -> ObjectStoreError? {
            for fault in all {
                switch fault {
                case .errorBefore(let code) where isBefore:
                    return ObjectStoreError(
                        code,
                        "Injected fault: \(request.operation) \"\(request.key)\" fails without effect."
                    )
                case .errorAfter(let code) where !isBefore:
                    return ObjectStoreError(
                        code,
                        "Injected fault: the answer to \(request.operation) \"\(request.key)\" is lost."
                    )
                default: continue
                }
            }
            return nil
        }
    }

    private struct State: Sendable {
        var occurrences: [[UInt8]: Int] = [:]
        var log: [InjectedFault] = []
        var isEnabled = true
    }

    private let state = Mutex(State())
    private let sleep: @Sendable (Duration) async throws -> Void
    private let decide: @Sendable (StoreRequest) -> [Fault]

    init(
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        decide: @escaping @Sendable (StoreRequest) -> [Fault]
    ) {
        self.sleep = sleep
        self.decide = decide
    }

    var log: [InjectedFault] { state.withLock { $0.log } }

    var isEnabled: Bool {
        get { state.withLock { $0.isEnabled } }
        set { state.withLock { $0.isEnabled = newValue } }
    }

    /// Decides what goes wrong with a request, and notes it.
    func faults(_ operation: StoreOperation, _ key: String) -> Faults {
        // Deciding under the lock keeps the log in the order of the decisions.
        state.withLock { state in
            let name = Array(operation.rawValue.utf8) + [0] + Array(key.utf8)
            let occurrence = state.occurrences[name, default: 0]
            state.occurrences[name] = occurrence + 1
            let request = StoreRequest(operation: operation, key: key, occurrence: occurrence)
            guard state.isEnabled else { return Faults(request: request, all: []) }
            let faults = decide(request)
            state.log += faults.map { InjectedFault(request: request, fault: $0) }
            return Faults(request: request, all: faults)
        }
    }

    /// Makes a request with its faults.
    func run<Value>(_ faults: Faults, _ request: () async throws -> Value) async throws -> Value {
        if faults.all.isEmpty { return try await request() }
        try await wait(faults, isBefore: true)
        if let error = faults.error(isBefore: true) { throw error }
        do {
            let value = try await request()
            try await wait(faults, isBefore: false)
            if let error = faults.error(isBefore: false) { throw error }
            return value
        } catch let error as ObjectStoreError {
            // A lost answer is lost, even if it was an error.
            throw faults.error(isBefore: false) ?? error
        }
    }

    /// Waits as long as the faults say, before the request or after it.
    func wait(_ faults: Faults, isBefore: Bool) async throws {
        for fault in faults.all {
            switch fault {
            case .delayBefore(let duration) where isBefore: try await sleep(duration)
            case .delayAfter(let duration) where !isBefore: try await sleep(duration)
            case .yieldBefore(let count) where isBefore: for _ in 0..<count { await Task.yield() }
            case .yieldAfter(let count) where !isBefore: for _ in 0..<count { await Task.yield() }
            default: continue
            }
        }
    }
}
