internal import CloudHTTP
internal import NIOCore
internal import RecordStreams
internal import Synchronization
internal import TextEncoding

/// Talks to JetStream by whatever connection there is, and makes a new one when there is none.
final class NATSClient: Sendable {
    let configuration: NATSConfiguration
    let identity: NATSConnection.Identity

    private struct State {
        var connection: NATSConnection?
        /// The server to try first.
        var turn = 0
        /// Whether JetStream has ever answered: if so it is away, if not it was never there.
        var hasAnswered = false
        /// What the stream took when it was last asked, and by which connection.
        var known: (connection: NATSConnection, state: JetStreamState)?
    }

    private let state = Mutex(State())

    init(_ configuration: NATSConfiguration) throws {
        try configuration.check()
        self.configuration = configuration
        identity = NATSConnection.Identity(stream: configuration.stream, place: configuration.place)
    }

    /// How often something is tried, and how long.
    ///
    /// A server that was never reached is given up soon: most likely the address is wrong.
    func attempts() -> Attempts {
        let wasThere = state.withLock(\.hasAnswered)
        return Attempts(
            RetryPolicy(
                attempts: wasThere || configuration.waitsForServer
                    ? configuration.attempts : min(3, configuration.attempts),
                base: .milliseconds(100),
                cap: .seconds(5),
                total: configuration.retryTime
            )
        )
    }

    /// The connection there is, or a new one: each server is tried once.
    func connection() async throws -> NATSConnection {
        let (connection, turn) = state.withLock { ($0.connection, $0.turn) }
        if let connection, connection.isOpen { return connection }
        let servers = configuration.servers
        for offset in servers.indices {
            let index = (turn + offset) % servers.count
            do {
                let opened = try await NATSConnection.open(servers[index], configuration)
                return state.withLock { state in
                    // Somebody else may have been faster; one connection is enough.
                    if let other = state.connection, other.isOpen { return other }
                    state.connection = opened
                    state.turn = index
                    return opened
                }
            } catch let error as StreamError where error.isTransient && offset + 1 < servers.count {
                continue
            }
        }
        throw StreamError(.unavailable, "There is no NATS server at \(configuration.place).")
    }

    /// Says that something is tried again, and why.
    func told(_ error: StreamError) -> (Int, Duration) -> Void {
        let place = identity.name
        return { StreamRetry(place: "the \(place)", reason: error.message, attempts: $0, wait: $1).tell() }
    }

    /// Tries something until it succeeds, fails for good, or has been tried often enough.
    func retrying<Value: Sendable>(_ body: (NATSConnection) async throws -> Value) async throws -> Value {
        var attempts = attempts()
        while true {
            do {
                return try await body(try await connection())
            } catch let error as StreamError where error.isTransient {
                guard try await attempts.wait(telling: told(error)) else { throw error }
            }
        }
    }

    // MARK: - JetStream

    /// `$JS.API`, or that of a domain.
    var prefix: String { configuration.domain.map { "$JS.\($0).API" } ?? "$JS.API" }

    /// Makes a request of the JSON API.
    ///
    /// - Throws: ``JetStreamFailure`` for what JetStream refuses, ``StreamError`` for everything else.
    func ask(_ connection: NATSConnection, _ subject: String, _ request: String) async throws -> JSONValue {
        let answer = try await connection.request("\(prefix).\(subject)", request)
        if let headers = answer.headers, NATSHeaders(headers).status == 503 {
            guard state.withLock(\.hasAnswered) else { throw identity.notEnabled() }
            throw StreamError(.unavailable, "JetStream does not answer on \(identity.place) just now.")
        }
        let value: JSONValue
        do throws(JSONValue.Failure) {
            value = try JSONValue.parse(Array(answer.payload.readableBytesView))
        } catch {
            throw StreamError(.failed, "\(identity.place) answered \(subject) with something else: \(error).")
        }
        if let failure = JetStreamFailure(value) { throw failure }
        state.withLock { $0.hasAnswered = true }
        return value
    }

    /// The same, with refusals in words.
    func call(_ connection: NATSConnection, _ subject: String, _ request: String = "") async throws -> JSONValue {
        do {
            return try await ask(connection, subject, request)
        } catch let failure as JetStreamFailure {
            throw failure.error(identity, subject)
        }
    }

    /// What the stream was like when this connection was first used to write to it: one request for each connection.
    func knownState(_ connection: NATSConnection) async throws -> JetStreamState {
        if let known = state.withLock(\.known), known.connection === connection { return known.state }
        let found = try await streamState(connection)
        state.withLock { $0.known = (connection, found) }
        return found
    }

    /// What the stream is like now.
    ///
    /// One request.
    func streamState(_ connection: NATSConnection) async throws -> JetStreamState {
        try JetStreamState(try await call(connection, "STREAM.INFO.\(configuration.stream)"), identity)
    }
}
