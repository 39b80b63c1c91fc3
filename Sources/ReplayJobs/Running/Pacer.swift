internal import EventJournal

/// Says how much is sent at a time, and when, at a rate of records or bytes; it counts from when the process began.
struct Pacer {
    /// At most so many records are sent at a time.
    let records: Int
    /// And none more once their payloads have so many bytes.
    let bytes: Int

    private let rate: ReplayRate?
    private let time: JournalTime
    /// When the next batch is due.
    private var due: Duration

    /// Batches are of about a quarter of a second, so that the rate holds over short times as well.
    private static let slice = 0.25

    init(_ rate: ReplayRate?, time: JournalTime) {
        self.rate = rate
        self.time = time
        due = time.now()
        switch rate {
        case .records(let rate): (records, bytes) = (Pacer.amount(rate), .max)
        case .bytes(let rate): (records, bytes) = (.max, Pacer.amount(rate))
        case nil, .recorded: (records, bytes) = (.max, .max)
        }
    }

    /// How long to wait before the next batch.
    var wait: Duration {
        switch rate {
        case .records, .bytes: Swift.max(.zero, due - time.now())
        case nil, .recorded: .zero
        }
    }

    /// What a batch may have; at least 1, since something has to be sent.
    private static func amount(_ rate: Double) -> Int {
        let amount = rate * slice
        guard amount >= 1 else { return 1 }
        return amount < 1e18 ? Int(amount) : .max
    }

    /// So many seconds, or thirty years when there are more: a duration cannot have them all.
    fileprivate static func wait(_ seconds: Double) -> Duration {
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

/// Says when events are due that are sent as they happened; it counts from when the process began.
struct RecordedPace {
    private let times: Double
    private let time: JournalTime
    private let start: Duration
    private var first: Int64?

    /// - Returns: `nil` for every other rate.
    init?(_ rate: ReplayRate?, time: JournalTime) {
        guard case .recorded(let times) = rate else { return nil }
        self.times = times
        self.time = time
        start = time.now()
    }

    /// What is due next.
    ///
    /// - Parameter timestamp: The time of the next event.
    /// - Returns: How long to wait for it, and up to which moment events are due then.
    mutating func next(_ timestamp: Int64) -> (wait: Duration, moment: Int64) {
        let first = first ?? timestamp
        self.first = first
        // Events are due when as much time has passed as between them and the first, divided by the factor.
        let dueAt = (Double(timestamp) - Double(first)) / 1e6 / times
        let elapsed = (time.now() - start).inSeconds
        let reached = Double(first) + Swift.max(elapsed, dueAt) * times * 1e6
        return (Pacer.wait(dueAt - elapsed), reached < 9e18 ? Int64(reached) : .max)
    }
}
