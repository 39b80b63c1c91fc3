internal import CloudHTTP
internal import CloudSupport
internal import NIOCore
internal import RecordStreams
internal import TextEncoding

/// Reads a stream by an ephemeral consumer, which is made anew behind the last record whenever something goes wrong.
///
/// The consumer acknowledges nothing and remembers nothing that counts: the position is the reader's. The number that
/// the server gives to each delivery shows whether one was lost.
final class NATSShardReader: ShardReader {
    private let actor: ReaderState

    init(client: NATSClient, shard: String, from start: StreamStart) throws {
        var last: Int64?
        if case .behind(let position) = start {
            guard let sequence = Int64(position.text), sequence >= 0 else {
                throw StreamError(.failed, "\"\(position)\" is no position in the \(client.identity.name).")
            }
            last = sequence
        }
        actor = ReaderState(client: client, shard: shard, last: last, startsAtEnd: start == .end)
    }

    func next() async throws -> StreamBatch { try await actor.next() }
}

/// The reader itself; an actor, since readers must be sendable though one task uses them.
private actor ReaderState {
    /// A consumer of ours on the server.
    private struct Consumer {
        var connection: NATSConnection
        var subject: String
        var subscription: Int
        /// How many deliveries it made.
        var delivered: Int64 = 0
        var used = ContinuousClock.now
    }

    /// A record and what JetStream says of it.
    private struct Delivery {
        var sequence: Int64
        var record: StreamRecord
    }

    private let client: NATSClient
    private let shard: String
    private let startsAtEnd: Bool
    /// The last record that was read; `nil` before anything was asked of the stream.
    private var last: Int64?
    private var consumer: Consumer?
    /// Read and not handed out: what is behind a gap.
    private var left: [Delivery] = []
    private var waiting = 0
    /// Whether records are missing before the next batch.
    private var isBroken = false
    private var hasBegun = false

    /// The server forgets a consumer that is silent for so long; a new one is made well before.
    private static let patience = Duration.seconds(300)

    init(client: NATSClient, shard: String, last: Int64?, startsAtEnd: Bool) {
        self.client = client
        self.shard = shard
        self.last = last
        self.startsAtEnd = startsAtEnd
    }

    func next() async throws -> StreamBatch {
        if left.isEmpty {
            var attempts = client.attempts()
            while true {
                do {
                    try await fetch(by: try await client.connection())
                    break
                } catch let error as StreamError where error.isTransient {
                    discard()
                    guard try await attempts.wait(telling: client.told(error)) else { throw error }
                } catch {
                    discard()
                    throw error
                }
            }
        }
        return handOut()
    }

    /// The records up to the next gap.
    private func handOut() -> StreamBatch {
        let continuity = isBroken ? StreamBatch.Continuity.broken : .whole
        isBroken = false
        let records = left.map(\.record)
        if let newest = left.last { last = newest.sequence }
        left = []
        let isAtTip = waiting == 0
        // Times of arrival do not decrease: what came before the last record is read.
        let age = records.last.map { max(1, UTCTime.now() - $0.arrival) }
        return StreamBatch(
            records: records,
            position: last.flatMap { $0 > 0 ? StreamPosition("\($0)") : nil },
            lag: isAtTip ? .zero : age.map { .microseconds($0) },
            waiting: waiting,
            continuity: continuity
        )
    }

    // MARK: - Consumers

    private func discard() {
        if let consumer { consumer.connection.unsubscribe(consumer.subscription) }
        consumer = nil
    }

    /// Looks at the stream, and finds whether it still is the one that was read and has what comes next.
    private func begin(_ connection: NATSConnection) async throws -> JetStreamState {
        let state = try await client.streamState(connection)
        guard state.created == shard else {
            throw StreamError(
                .notFound,
                "The \(client.identity.name) was made at \(state.created); there is no shard \(shard) of it any more."
            )
        }
        guard !state.isWorkQueue else {
            throw StreamError(
                .failed,
                "The \(client.identity.name) is a work queue, whose records are for one consumer; archive a stream with limits "
                    + "that has it as a source."
            )
        }
        let position = last ?? (startsAtEnd ? state.last : state.first - 1)
        guard position <= state.last || position < state.first else {
            throw StreamError(
                .failed,
                "The \(client.identity.name) ends at \(state.last), before the position \(position): the server has lost its "
                    + "newest records, or was restored from an older copy. Archive it from now on under another name "
                    + "(`name=` in the URL)."
            )
        }
        if state.first > position + 1 {
            // From its beginning a stream is read as it is; what it has let go of before was never asked for.
            if hasBegun || last != nil { isBroken = true }
            last = state.first - 1
        } else {
            last = position
        }
        hasBegun = true
        return state
    }

    private func makeConsumer(_ connection: NATSConnection) async throws -> Consumer {
        _ = try await begin(connection)
        let stream = client.configuration.stream
        let nanoseconds = Self.patience.components.seconds * 1_000_000_000
        let answer = try await client.call(
            connection,
            "CONSUMER.CREATE.\(stream)",
            "{\"stream_name\":\(JSONString.quoted(stream)),\"config\":{\"deliver_policy\":\"by_start_sequence\","
                + "\"opt_start_seq\":\((last ?? 0) + 1),\"ack_policy\":\"none\",\"replay_policy\":\"instant\","
                + "\"mem_storage\":true,\"inactive_threshold\":\(nanoseconds)}}"
        )
        guard let name = answer["name"]?.text else {
            throw StreamError(
                .failed,
                "\(client.identity.place) made a consumer of \(stream) and does not say its name."
            )
        }
        return Consumer(
            connection: connection,
            subject: "\(client.prefix).CONSUMER.MSG.NEXT.\(stream).\(name)",
            subscription: connection.subscribe()
        )
    }

    // MARK: - Reading

    /// Reads what comes next into ``left``.
    private func fetch(by connection: NATSConnection) async throws {
        if let old = consumer, old.connection !== connection || old.used.duration(to: .now) > Self.patience / 2 {
            discard()
        }
        // A consumer that says nothing, or lost something, is replaced once; the second time it is an error.
        for _ in 0..<2 {
            var current: Consumer
            if let consumer { current = consumer } else { current = try await makeConsumer(connection) }
            consumer = current
            let outcome = try await pull(current)
            if let outcome, let deliveries = try deliveries(outcome, &current) {
                current.used = .now
                consumer = current
                try await take(deliveries, connection)
                return
            }
            discard()
        }
        throw StreamError(.timedOut, "A consumer of the \(client.identity.name) does not answer.")
    }

    private func pull(_ consumer: Consumer) async throws -> NATSPull.Outcome? {
        let configuration = client.configuration
        // A record longer than what is asked for would never come.
        let longest = consumer.connection.info.maximumPayload + (64 << 10)
        let bytes = max(configuration.batchBytes, longest)
        let outcome = try await consumer.connection.pull(
            consumer.subscription,
            consumer.subject,
            "{\"batch\":\(configuration.batchRecords),\"no_wait\":true,\"max_bytes\":\(bytes)}",
            wanted: configuration.batchRecords,
            mostBytes: 2 * bytes
        )
        guard let outcome, let status = outcome.status else { return outcome }
        switch status {
        case 404, 408: return outcome
        case 409 where !outcome.messages.isEmpty: return outcome
        case 409 where outcome.description.contains("MaxBytes"):
            throw StreamError(
                .failed,
                "The record behind \(last ?? 0) of the \(client.identity.name) is longer than \(bytes) bytes, which the server "
                    + "allows no more; raise max_payload of the server."
            )
        case 409, 503: return nil
        default:
            throw StreamError(
                .failed,
                "A consumer of the \(client.identity.name) refused to send records: \(status) \(outcome.description)."
            )
        }
    }

    /// Takes messages apart.
    ///
    /// - Returns: `nil` when one was lost on the way.
    private func deliveries(_ outcome: NATSPull.Outcome, _ consumer: inout Consumer) throws -> [Delivery]? {
        var deliveries: [Delivery] = []
        deliveries.reserveCapacity(outcome.messages.count)
        for message in outcome.messages {
            guard let reply = message.reply, let facts = DeliveryFacts(reply) else {
                throw StreamError(
                    .failed,
                    "\(client.identity.place) sent a record without saying where in the stream it is."
                )
            }
            guard facts.delivery == consumer.delivered + 1 else { return nil }
            consumer.delivered = facts.delivery
            waiting = Int(clamping: facts.pending)
            let record = StreamRecord(
                sequence: String(facts.sequence),
                key: key(of: message),
                arrival: facts.nanoseconds / 1000,
                data: Array(message.payload.readableBytesView)
            )
            deliveries.append(Delivery(sequence: facts.sequence, record: record))
        }
        if outcome.status == 404, deliveries.isEmpty { waiting = 0 }
        return deliveries
    }

    private func key(of message: NATSMessage) -> String? {
        if let name = client.configuration.keyHeader { return message.headers.flatMap { NATSHeaders($0)[name] } }
        return client.configuration.subject.key(of: String(buffer: message.subject))
    }

    /// Finds whether records are missing that the stream has let go of.
    ///
    /// Sequences are also missing where somebody deleted records, or a newer one of the same subject took their place.
    /// Only what is before the first record that the stream still has was lost by age or size.
    private func take(_ deliveries: [Delivery], _ connection: NATSConnection) async throws {
        left = deliveries
        guard let from = last else { return }
        var before = from
        for (index, delivery) in deliveries.enumerated() {
            defer { before = delivery.sequence }
            if delivery.sequence == before + 1 { continue }
            guard delivery.sequence > before else {
                throw StreamError(.timedOut, "The \(client.identity.name) sent \(delivery.sequence) behind \(before).")
            }
            // Later ones are not lost if this one is not.
            guard try await client.streamState(connection).first > before + 1 else { return }
            if index == 0 {
                isBroken = true
                continue
            }
            // What is behind the gap is read again, as another batch, by a consumer that begins there.
            left = Array(deliveries[..<index])
            waiting += deliveries.count - index
            discard()
            return
        }
    }
}

/// What the address for acknowledgements of a record says of it.
///
/// `$JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE.DELIVERY.NANOSECONDS.PENDING`, or with a domain and an account behind
/// `ACK` and, then, perhaps more behind. Source: NATS ADR-15.
struct DeliveryFacts: Sendable, Equatable {
    var sequence: Int64
    var delivery: Int64
    var nanoseconds: Int64
    var pending: Int64

    init?(_ reply: ByteBuffer) {
        let tokens = String(buffer: reply).split(separator: ".", omittingEmptySubsequences: false)
        guard tokens.count == 9 || tokens.count >= 11, tokens[0] == "$JS", tokens[1] == "ACK" else { return nil }
        let start = tokens.count == 9 ? 4 : 6
        let numbers = tokens[(start + 1)...(start + 4)].compactMap { Int64($0) }
        guard numbers.count == 4, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
        (sequence, delivery, nanoseconds, pending) = (numbers[0], numbers[1], numbers[2], numbers[3])
    }
}
