import EventJournal
import ObjectStorage
import ObjectStorageTesting
import Synchronization

/// Time that passes for all actors alike, and only when the program or somebody's wait says so.
final class ModelTime: Sendable {
    private let elapsed = Mutex<Int64>(0)

    /// Microseconds since the program began.
    var microseconds: Int64 { elapsed.withLock { $0 } }
    func pass(microseconds: Int64) { elapsed.withLock { $0 += microseconds } }

    /// The time as a journal knows it.
    ///
    /// Waiting makes it pass, and lets others go first.
    var journalTime: JournalTime {
        JournalTime(
            now: { .microseconds(self.microseconds) },
            sleep: { duration in
                try Task.checkCancellation()
                self.pass(microseconds: Int64(duration / .microseconds(1)))
                await Task.yield()
            }
        )
    }
}

/// An actor's wall clock; the program sets it, perhaps back.
final class ModelClock: Sendable {
    private let time: ModelTime
    private let offset: Mutex<Int64>

    /// 2001-09-09T01:46:40Z.
    static let start: Int64 = 1_000_000_000_000_000

    /// A clock that shows 2001-09-09T01:46:40Z and so much when the program begins.
    init(_ time: ModelTime, ahead microseconds: Int64) {
        self.time = time
        offset = Mutex(ModelClock.start + microseconds)
    }

    var now: Timestamp { Timestamp(microseconds: offset.withLock { $0 } + time.microseconds) }
    func move(by microseconds: Int64) { offset.withLock { $0 += microseconds } }
}

/// Somebody who works with the journal: a machine with a clock, and one process after another on it.
struct ModelActor: Sendable {
    let number: Int
    let clock: ModelClock
    private(set) var process = ModelProcess()
    private(set) var journal: Journal

    private let surroundings: Surroundings
    private var incarnation = 0
    private(set) var follower: ModelFollower

    /// What the actors of a program share.
    struct Surroundings: Sendable {
        let base: MemoryObjectStore
        let log = StoreLog()
        let time = ModelTime()
        let marked = MarkedStates()
        let weather: Weather
        let program: Program

        init(_ program: Program) {
            self.program = program
            let time = time
            base = MemoryObjectStore(clock: { ModelClock.start + time.microseconds })
            weather = Weather(seed: ~program.seed, percent: program.faultPercent)
        }
    }

    /// An actor of the program; one number more than it has is a reader of its own, with defaults.
    init(_ number: Int, _ surroundings: Surroundings) {
        let clocks = surroundings.program.clocks
        self.number = number
        self.surroundings = surroundings
        clock = ModelClock(surroundings.time, ahead: number < clocks.count ? clocks[number] : 0)
        follower = ModelFollower(surroundings.marked)
        journal = Self.open(number, 0, clock, process, surroundings)
    }

    /// Goes on as a new process that knows nothing.
    mutating func reopen() {
        incarnation += 1
        process = ModelProcess()
        follower = ModelFollower(surroundings.marked)
        journal = Self.open(number, incarnation, clock, process, surroundings)
    }

    private static func open(
        _ number: Int,
        _ incarnation: Int,
        _ clock: ModelClock,
        _ process: ModelProcess,
        _ surroundings: Surroundings
    ) -> Journal {
        let (weather, program) = (surroundings.weather, surroundings.program)
        let log = LoggingObjectStore(
            base: surroundings.base,
            log: surroundings.log,
            marked: surroundings.marked,
            actor: number
        )
        let store = FaultInjectingObjectStore(log) { weather.faults($0, process) }
        var configuration = JournalConfiguration.defaults
        if number < program.clocks.count {
            configuration.groupPayloadBytes = program.groupPayloadBytes[number]
            configuration.parallelism = program.parallelism[number]
        }
        let random = Mutex(SeededRandom(seed: program.seed &+ UInt64(number * 1_000_003 + incarnation * 7919)))
        return Journal(
            store: store,
            configuration: configuration,
            generator: UUIDv7Generator(clock: { clock.now }, random: { random.withLock { $0.next() } }),
            time: surroundings.time.journalTime,
            clock: { clock.now }
        )
    }
}
