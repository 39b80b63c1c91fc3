internal import CloudSupport
internal import Synchronization

/// A value that is fetched when it is first needed, and again before it expires; by one task at a time.
///
/// Whoever asks first fetches, in its own task. Others use the old value while it is valid, else they wait. When the
/// fetching task is cancelled, one of those who wait takes over.
package final class RefreshedValue<Value: Sendable>: Sendable {
    /// A value and when it ends.
    package struct Fetched: Sendable {
        /// The value.
        package var value: Value
        /// Its end in microseconds since 1970 UTC; `nil` when it has none.
        package var expiration: Int64?

        /// Makes a fetched value.
        package init(_ value: Value, expiration: Int64?) {
            self.value = value
            self.expiration = expiration
        }
    }

    private struct State {
        var current: Fetched?
        var isFetching = false
        /// No attempt before this time, since the last one failed.
        var rest: Int64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var nextWaiter: UInt64 = 0
    }

    private enum Step {
        case use(Value)
        case fetch
        case wait(UInt64)
    }

    private let state = Mutex(State())
    private let fetch: @Sendable () async throws -> Fetched
    private let clock: @Sendable () -> Int64

    /// A value is fetched again when it ends within this, in microseconds.
    private static var early: Int64 { 300_000_000 }
    /// A value that ends within this is not used any more.
    private static var margin: Int64 { 15_000_000 }
    /// How long a value that is still valid is used after it could not be fetched again.
    private static var pause: Int64 { 20_000_000 }

    /// Makes a value that is not fetched yet.
    ///
    /// - Parameters:
    ///   - clock: The time in microseconds since 1970 UTC.
    ///   - fetch: Fetches it.
    package init(
        clock: @escaping @Sendable () -> Int64 = UTCTime.now,
        fetch: @escaping @Sendable () async throws -> Fetched
    ) {
        self.clock = clock
        self.fetch = fetch
    }

    /// The value, valid now.
    ///
    /// - Throws: What fetching threw, when there is no valid value; `CancellationError`.
    package func value() async throws -> Value {
        while true {
            switch step() {
            case .use(let value): return value
            case .wait(let id): try await wait(id)
            case .fetch:
                do {
                    let fetched = try await fetch()
                    end { state in
                        state.current = fetched
                        state.rest = 0
                    }
                    return fetched.value
                } catch let error as CancellationError {
                    end { _ in }
                    throw error
                } catch {
                    let now = clock()
                    let old = state.withLock { Self.valid($0, at: now) }
                    end(old == nil ? error : nil) { state in
                        if old != nil { state.rest = now + Self.pause }
                    }
                    guard let old else { throw error }
                    return old
                }
            }
        }
    }

    /// Forgets the value if it is one that a condition holds for.
    package func forget(where isUnwanted: (Value) -> Bool) {
        state.withLock { state in
            if let current = state.current, isUnwanted(current.value) { state.current = nil }
        }
    }

    private func step() -> Step {
        let now = clock()
        return state.withLock { state in
            if let valid = Self.valid(state, at: now) {
                let isFresh = (state.current?.expiration ?? .max) - Self.early > now
                if isFresh || state.isFetching || now < state.rest { return .use(valid) }
            }
            if state.isFetching {
                state.nextWaiter += 1
                return .wait(state.nextWaiter)
            }
            state.isFetching = true
            return .fetch
        }
    }

    private static func valid(_ state: borrowing State, at now: Int64) -> Value? {
        guard let current = state.current, (current.expiration ?? .max) - margin > now else { return nil }
        return current.value
    }

    private func wait(_ id: UInt64) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isOver = state.withLock { state in
                    if !state.isFetching || Task.isCancelled { return true }
                    state.waiters[id] = continuation
                    return false
                }
                // Whoever was cancelled finds out when it next asks for something.
                if isOver { continuation.resume() }
            }
            try Task.checkCancellation()
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }

    /// Ends the fetching, and lets those who wait look again, or fail alike.
    private func end(_ error: (any Error)? = nil, _ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            state.isFetching = false
            change(&state)
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values {
            if let error { waiter.resume(throwing: error) } else { waiter.resume() }
        }
    }
}
