import EventJournal
import Synchronization

/// What a consumer has made of what it was delivered.
struct FollowedState: Sendable {
    /// Events by id.
    private(set) var events: [ID: Event] = [:]
    /// Updates that changed nothing: of an event that was stored twice the other one counts now.
    private(set) var repeats: [Event] = []
    /// Puts that took the place of an event.
    private(set) var replacements: [(old: Event, new: Event)] = []

    /// Applies one row, as whoever keeps a copy of the journal does.
    mutating func apply(_ change: FollowBatch.Change, _ event: Event) throws {
        let id = ID(event.id)
        switch change {
        case .put:
            if let old = events[id] { replacements.append((old, event)) }
            events[id] = event
        case .update:
            if events[id].isIdentical(event) { repeats.append(event) }
            events[id] = event
        case .delete:
            try require(event.data.isEmpty, "delete \(event.short) was delivered with a payload")
            events[id] = nil
        }
    }
}

/// What consumers keep with their marks, in one transaction: a mark that took effect takes the state along.
final class MarkedStates: Sendable {
    /// What the mark that is being moved stands for.
    @TaskLocal static var state: FollowedState?

    private struct State {
        var byEntityTag: [String: FollowedState] = [:]
        var generations: [String: Int] = [:]
    }
    private let state = Mutex(State())

    func keep(_ followed: FollowedState, with entityTag: String) {
        state.withLock { $0.byEntityTag[entityTag] = followed }
    }

    /// What a mark that was read stands for; its put is under way to being noted at most.
    func state(of entityTag: String) async -> FollowedState {
        while true {
            if let found = state.withLock({ $0.byEntityTag[entityTag] }) { return found }
            await Task.yield()
        }
    }

    /// The object name of a mark: another one since its position has expired.
    func name(of mark: String) -> String { state.withLock { "\(mark)-\($0.generations[mark, default: 0])" } }

    /// A mark whose position has expired is given up.
    func giveUp(_ mark: String) { state.withLock { $0.generations[mark, default: 0] += 1 } }
}

/// What a follower got from one poll.
struct Poll: Sendable {
    /// What the consumer has by now.
    var state: FollowedState
    /// What was delivered, in order.
    var events: [Event] = []
    /// Whether the follower said that there was nothing more.
    var isCaughtUp = false
}

/// The followers of one process, one for each mark; they live on between polls.
actor ModelFollower {
    private struct Session {
        var iterator: Follow.Iterator
        var entityTag: String?
        var state: FollowedState
    }

    private let marked: MarkedStates
    private var sessions: [String: Session] = [:]

    init(_ marked: MarkedStates) { self.marked = marked }

    /// Applies what is new, batch by batch, and moves the mark behind each.
    func poll(_ journal: Journal, mark: String, batches: Int, windowBytes: Int) async throws -> Poll {
        let name = marked.name(of: mark)
        do {
            if let open = sessions.removeValue(forKey: name) {
                do {
                    return try await poll(journal, name, open, batches)
                } catch let error as JournalError where error.code == .markMoved {
                    // Another process has followed with it meanwhile: go on from where that has got to.
                }
            }
            return try await poll(journal, name, try await begin(journal, name, windowBytes), batches)
        } catch let error as JournalError where error.code == .positionExpired {
            marked.giveUp(mark)
            throw error
        }
    }

    private func poll(_ journal: Journal, _ name: String, _ open: Session, _ batches: Int) async throws -> Poll {
        var session = open
        var poll = Poll(state: session.state)
        for _ in 0..<batches {
            guard let batch = try await session.iterator.next() else {
                poll.isCaughtUp = true
                break
            }
            for row in 0..<batch.count {
                poll.events.append(batch.events[row])
                try poll.state.apply(batch.change(at: row), batch.events[row])
            }
            let (tag, position) = (session.entityTag, batch.position)
            session.entityTag = try await MarkedStates.$state.withValue(poll.state) {
                try await journal.setMark(name, to: position, ifMatches: tag).entityTag
            }
        }
        session.state = poll.state
        sessions[name] = session
        return poll
    }

    private func begin(_ journal: Journal, _ name: String, _ windowBytes: Int) async throws -> Session {
        let mark = try await journal.mark(name)
        var options = FollowOptions(untilCaughtUp: true)
        options.windowBytes = windowBytes
        // So that positions come to lie inside of segments.
        options.batchEvents = windowBytes < 1 << 20 ? windowBytes : 64 << 10
        var start = FollowStart.beginning
        if let mark { start = .position(try FollowPosition(json: mark.position.json)) }
        var state = FollowedState()
        if let mark { state = await marked.state(of: mark.entityTag) }
        let iterator = journal.follow(from: start, options: options).makeAsyncIterator()
        return Session(iterator: iterator, entityTag: mark?.entityTag, state: state)
    }
}
