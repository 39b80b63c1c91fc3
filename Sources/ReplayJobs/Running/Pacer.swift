internal import EventJournal

/// Says how much may be sent now, by the rate of a job; it counts from when the process began.
struct Pacer {
    /// What may be sent next, and when.
    struct Allowance {
        var records = Int.max
        var bytes = Int.max
        /// Events up to this moment.
        var moment = Int64.max
        /// How long to wait before.
        var wait = Duration.zero
    }

    private let rate: ReplayRate?
    private let time: JournalTime
    private let start: Duration
    /// When the next batch is due, at rates of records or bytes.
    private var due: Duration
    private var first: Int64?

    /// Batches are of about a quarter of a second, so that the rate holds over short times as well.
    private static let slice = 0.25

    init(_ rate: ReplayRate?, time: JournalTime) {
        self.rate = rate
        self.time = time
        start = time.now()
        due = start
    }

    /// What may be sent now.
    ///
    /// - Parameter timestamp: The time of the next event.
    /// - Returns: How much, and how long to wait before.
    mutating func allowance(for timestamp: Int64) -> Allowance {
        var allowance = Allowance()
        let now = time.now()
        switch rate {
        case nil: return allowance
        case .records(let rate):
            allowance.records = Pacer.amount(rate)
            allowance.wait = Swift.max(.zero, due - now)
        case .bytes(let rate):
            allowance.bytes = Pacer.amount(rate)
            allowance.wait = Swift.max(.zero, due - now)
        case .recorded(let times):
            let first = first ?? timestamp
            self.first = first
            // Events are due when as much time has passed as between them and the first, divided by the factor.
            let dueAt = (Double(timestamp) - Double(first)) / 1e6 / times
            let elapsed = (now - start).inSeconds
            allowance.wait = Pacer.wait(dueAt - elapsed)
            let reached = Double(first) + Swift.max(elapsed, dueAt) * times * 1e6
            allowance.moment = reached < 9e18 ? Int64(reached) : .max
        }
        return allowance
    }

    /// What a batch may have; at least 1, since something has to be sent.
    private static func amount(_ rate: Double) -> Int {
        let amount = rate * slice
        guard amount >= 1 else { return 1 }
        return amount < 1e18 ? Int(amount) : .max
    }

    /// So many seconds, or thirty years when there are more: a duration cannot have them all.
    private static func wait(_ seconds: Double) -> Duration {
        seconds < 1e9 ? .seconds(Swift.max(0, seconds)) : .seconds(1_000_000_000)
    }

    /// Takes note of what was sent.
    mutating func note(records: Int, bytes: Int) {
        let now = time.now()
        let seconds: Double
        switch rate {
        case .records(let rate): seconds = Double(records) / rate
        case .bytes(let rate): seconds = Double(bytes) / rate
        case nil, .recorded: return
        }
        // Time that the sink took is made up for, up to a second of it.
        due = Swift.max(due, now - .seconds(1)) + Pacer.wait(seconds)
    }
}
