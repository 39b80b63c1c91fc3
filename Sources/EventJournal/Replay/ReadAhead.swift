internal import ObjectStorage
internal import Synchronization

/// Fetches what a replay will read soon, so that the store is at work while earlier events are decoded.
///
/// Whoever reads says in which order it will want the places of objects (``expect(_:)``), and takes each once. So many
/// requests are under way at a time, and so many bytes under way or waiting to be taken; the latter bound
/// grows with what was taken, so that a reader that stops early has not asked for much in vain. Neighbours in an object
/// come by one request.
///
/// The tasks belong to this object, for the reason given at ``ReplayPipeline``: what is asked for in one call of an
/// iterator is awaited in a later one. `deinit` cancels those that nobody took.
final class ReadAhead: Sendable {
    /// A part of an object that is wanted as a whole.
    struct Place: Sendable, Hashable {
        var key: String
        /// `nil` for the whole object.
        var range: Range<Int>?
        /// The bytes it is expected to have.
        var bytes: Int
    }

    fileprivate struct Name: Hashable {
        var key: String
        var start: Int?
    }

    /// What one request fetches.
    private struct Span {
        var key: String
        var range: Range<Int>?
        var bytes: Int
        /// The places in it that nobody took or let go of.
        var places = 1
        var task: Task<GetResult, any Error>?
    }

    private struct State {
        var spans: [Int: Span] = [:]
        var spanOf: [Name: Int] = [:]
        /// Spans without a task, in the order they are wanted; those that are gone are passed over.
        var queue: ArraySlice<Int> = []
        var count = 0
        var running = 0
        /// Bytes of spans with a task.
        var held = 0
        var expected = 0
        var taken = 0
    }

    private let store: any ObjectStore
    private let requests: Int
    private let state = Mutex(State())

    /// The bytes under way or waiting at most: with a round trip of 30 ms enough for 10 Gbit/s.
    ///
    /// Requests that share a link end together, and while they are decoded the next have to be under way.
    static let maximumBytes = 64 << 20
    /// The same before anything was taken.
    private static let firstBytes = 32 << 20
    /// The largest request that several places share.
    private static let spanBytes = 4 << 20

    init(store: any ObjectStore, requests: Int) {
        self.store = store
        self.requests = requests
    }

    deinit { forgetAll() }

    /// Says what will be taken, in this order; what is known already stays where it is.
    func expect(_ places: some Sequence<Place>) {
        state.withLock { state in
            for place in places where state.spanOf[place.name] == nil { add(place, &state) }
            start(&state)
        }
    }

    /// What was fetched for a place, waiting for it if need be; `nil` when it is not expected.
    ///
    /// - Throws: What the store throws; `CancellationError`.
    func take(_ key: String, _ range: Range<Int>?) async throws -> GetResult? {
        let found = state.withLock { state -> (Int, Range<Int>?, Task<GetResult, any Error>)? in
            let name = Name(key: key, start: range?.lowerBound)
            guard let number = state.spanOf[name], let span = state.spans[number],
                range.map({ wanted in span.range.map { $0.upperBound >= wanted.upperBound } ?? false }) ?? true
            else { return nil }
            state.spanOf[name] = nil
            return (number, span.range, span.task ?? begin(number, &state))
        }
        guard let (number, whole, task) = found else { return nil }
        defer { release(number, taken: range?.count) }
        let result = try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
        guard let range, let whole, range != whole else { return result }
        // What ends before it should is asked for again by itself, and reported.
        guard result.bytes.count == whole.count else { return nil }
        let first = range.lowerBound - whole.lowerBound
        return GetResult(
            bytes: Array(result.bytes[first..<(first + range.count)]),
            offset: UInt64(range.lowerBound),
            metadata: result.metadata
        )
    }

    /// Lets go of places that will not be taken after all.
    func forget(_ places: some Sequence<Place>) {
        for place in places {
            guard let number = state.withLock({ $0.spanOf.removeValue(forKey: place.name) }) else { continue }
            release(number, taken: nil)
        }
    }

    /// Lets go of everything.
    func forgetAll() {
        state.withLock { state in
            for span in state.spans.values { span.task?.cancel() }
            state.spans = [:]
            state.spanOf = [:]
            state.queue = []
            state.held = 0
        }
    }

    private func add(_ place: Place, _ state: inout State) {
        // Small requests first: the beginning is awaited.
        let limit = min(Self.spanBytes, state.expected / 2)
        state.expected += place.bytes
        if let last = state.queue.last, let span = state.spans[last], span.key == place.key, let range = place.range,
            let before = span.range, before.upperBound == range.lowerBound, before.count + range.count <= limit
        {
            state.spans[last]?.range = before.lowerBound..<range.upperBound
            state.spans[last]?.bytes += place.bytes
            state.spans[last]?.places += 1
            state.spanOf[place.name] = last
            return
        }
        state.count += 1
        state.spans[state.count] = Span(key: place.key, range: place.range, bytes: place.bytes)
        state.spanOf[place.name] = state.count
        state.queue.append(state.count)
    }

    /// Sends as many requests as may be under way.
    private func start(_ state: inout State) {
        let bytes = min(Self.maximumBytes, Self.firstBytes + 2 * state.taken)
        while state.running < requests, let number = state.queue.first {
            guard let span = state.spans[number], span.task == nil else {
                state.queue.removeFirst()
                continue
            }
            guard state.held == 0 || state.held + span.bytes <= bytes else { return }
            state.queue.removeFirst()
            _ = begin(number, &state)
        }
    }

    private func begin(_ number: Int, _ state: inout State) -> Task<GetResult, any Error> {
        let (key, range) = (state.spans[number]?.key ?? "", state.spans[number]?.range)
        state.running += 1
        state.held += state.spans[number]?.bytes ?? 0
        let task = Task { [store, weak self] in
            defer { self?.ended() }
            return try await store.get(key, range: range.map { .range(UInt64($0.lowerBound)..<UInt64($0.upperBound)) })
        }
        state.spans[number]?.task = task
        return task
    }

    private func ended() {
        state.withLock { state in
            state.running -= 1
            start(&state)
        }
    }

    /// One place of a span is done with; the last one frees its bytes.
    private func release(_ number: Int, taken: Int?) {
        state.withLock { state in
            guard var span = state.spans[number] else { return }
            span.places -= 1
            if let taken { state.taken += taken }
            if span.places > 0 {
                state.spans[number] = span
            } else {
                state.spans[number] = nil
                if let task = span.task {
                    state.held -= span.bytes
                    task.cancel()
                }
            }
            start(&state)
        }
    }
}

extension ReadAhead.Place {
    fileprivate var name: ReadAhead.Name { ReadAhead.Name(key: key, start: range?.lowerBound) }
}
