internal import SQLQuery
internal import Synchronization

/// A line on the terminal that says what a long query is doing; nothing for a short one.
final class QueryProgressLine: Sendable {
    private struct State {
        var progress: SQLProgress?
        var isDrawn = false
        var isOver = false
    }

    private let isShown: Bool
    private let endsWithRows: Bool
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// A query that takes less is not worth a line.
    private static let patience = Duration.milliseconds(700)

    /// - Parameters:
    ///   - isShown: Whether there is anybody to see it.
    ///   - endsWithRows: Whether rows go to the terminal, so that the line has to be gone before.
    init(isShown: Bool, endsWithRows: Bool) {
        self.isShown = isShown
        self.endsWithRows = endsWithRows
    }

    /// Notes what is being done.
    func update(_ progress: SQLProgress) {
        guard isShown else { return }
        if case .running = progress, endsWithRows { return finish() }
        state.withLock { $0.progress = progress }
    }

    /// Does something, draws the line meanwhile, and lets Ctrl-C end it.
    func ticking<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        guard isShown else { return try await Signals.cancellable(body) }
        return try await Signals.cancellable {
            try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask { try await body() }
                group.addTask {
                    while (try? await Task.sleep(for: .milliseconds(150))) != nil { self.draw() }
                    return nil
                }
                defer { group.cancelAll() }
                while let result = try await group.next() {
                    if let result { return result }
                }
                throw CancellationError()
            }
        }
    }

    /// Wipes the line, for good.
    func finish() {
        state.withLock { state in
            if state.isDrawn { Output.errorText("\r\u{1B}[2K") }
            state.isDrawn = false
            state.isOver = true
        }
    }

    private func draw() {
        let elapsed = ContinuousClock.now - start
        guard elapsed >= QueryProgressLine.patience else { return }
        state.withLock { state in
            if state.isOver { return }
            state.isDrawn = true
            Output.errorText("\r\u{1B}[2K" + QueryProgressLine.text(state.progress, elapsed))
        }
    }

    /// What the line says.
    static func text(_ progress: SQLProgress?, _ elapsed: Duration) -> String {
        func part(_ done: Int, _ all: Int) -> String { all > 0 ? "  \(min(100, done * 100 / all)) %" : "" }
        let what =
            switch progress {
            case nil: "planning"
            case .live(let records): "reading streams  \(Text.count(records, "record"))"
            case .fetching(let bytes, let all):
                "fetching segments  \(Text.bytes(bytes)) of \(Text.bytes(all))\(part(bytes, all))"
            case .reading(let events): "reading the inbox  \(Text.count(events, "event"))"
            case .computing(let events, let all):
                "taking columns from payloads  \(Text.count(events)) of \(Text.count(all, "event"))\(part(events, all))"
            case .running: "running the query"
            }
        return "  \(what)  \(Text.seconds(elapsed.seconds))"
    }
}
