internal import Synchronization

/// A line on the terminal that says how far something is; silent when standard error is no terminal.
final class ProgressBar: Sendable {
    /// What is counted.
    enum Unit: Sendable {
        case bytes
        case segments
        case events
        case journals
    }

    private struct State {
        var lastDrawn: ContinuousClock.Instant?
        var drawn = false
    }

    private let unit: Unit
    private let isShown: Bool
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(unit: Unit, isShown: Bool = Output.errorIsTerminal) {
        self.unit = unit
        self.isShown = isShown
    }

    /// Draws how far it is, ten times a second at most.
    ///
    /// - Parameters:
    ///   - done: So much is done.
    ///   - total: Of so much; `nil` when nobody knows, as with a pipe.
    ///   - note: What else to say.
    func update(done: Int, total: Int?, note: String = "") {
        guard isShown else { return }
        let now = ContinuousClock.now
        state.withLock { state in
            if let last = state.lastDrawn, now - last < .milliseconds(100) { return }
            state.lastDrawn = now
            state.drawn = true
            Output.errorText("\r\u{1B}[2K" + line(done: done, total: total, note: note, elapsed: now - start))
        }
    }

    /// Wipes the line.
    func finish() {
        state.withLock { state in
            if state.drawn { Output.errorText("\r\u{1B}[2K") }
            state.drawn = false
        }
    }

    private func line(done: Int, total: Int?, note: String, elapsed: Duration) -> String {
        let seconds = max(elapsed.seconds, 0.001)
        let rate = Double(done) / seconds
        let noun =
            switch unit {
            case .events: "event"
            case .journals: "journal"
            case .bytes, .segments: "segment"
            }
        let amount = unit == .bytes ? Text.bytes(done) : Text.count(done, noun)
        let speed = unit == .bytes ? "\(Text.bytes(Int(rate)))/s" : "\(Text.decimal(rate)) \(noun)s/s"
        guard let total, total > 0 else { return "  \(amount)  \(speed)  \(note)" }
        let part = min(1, Double(done) / Double(total))
        let filled = Int(part * 24)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        let left = rate > 0 && part < 1 ? "  \(Text.seconds(Double(total - done) / rate)) left" : ""
        return "  \(bar) \(Int(part * 100)) %  \(speed)\(left)  \(note)"
    }
}

extension Duration {
    /// In seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
