internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import RecordStreams
internal import Synchronization
internal import TextEncoding

/// One connection to one server, ready to be used: greeted, encrypted where it must be, and let in.
///
/// Every wait has an end: answers by ``NATSConfiguration/requestTimeout``. A connection on which one does not come is
/// closed, since nothing can be known of it.
final class NATSConnection: Sendable {
    let info: NATSServerInfo
    let identity: Identity
    private let channel: any Channel
    private let handler: NIOLoopBound<NATSChannelHandler>
    private let inbox: String
    private let timeout: TimeAmount
    /// Tokens of requests and numbers of subscriptions, none of which is used twice.
    private let counter = Atomic<Int>(NATSChannelHandler.publicationSubscription + 1)

    private init(
        _ channel: any Channel,
        _ handler: NIOLoopBound<NATSChannelHandler>,
        _ info: NATSServerInfo,
        _ configuration: NATSConfiguration,
        inbox: String
    ) {
        self.channel = channel
        self.handler = handler
        self.info = info
        self.inbox = inbox
        identity = Identity(stream: configuration.stream, place: configuration.place)
        timeout = TimeAmount(configuration.requestTimeout)
    }

    deinit { channel.close(promise: nil) }

    /// Whether it can still be used.
    var isOpen: Bool { channel.isActive }

    func close() { channel.close(promise: nil) }

    // MARK: - Opening

    /// Connects to a server and introduces itself.
    ///
    /// - Throws: ``StreamError``.
    static func open(_ server: NATSConfiguration.Server, _ configuration: NATSConfiguration) async throws
        -> NATSConnection
    {
        let inbox = "_INBOX.\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let place = "nats://\(server)"
        let group = MultiThreadedEventLoopGroup.singleton
        let loop = group.next()
        let onInfo = loop.makePromise(of: NATSServerInfo.self)
        let onHandler = loop.makePromise(of: NIOLoopBound<NATSChannelHandler>.self)
        let timeout = TimeAmount(configuration.connectTimeout)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop).connectTimeout(timeout)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                // Reads of 64 KiB: a batch of records comes in few pieces.
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = NATSChannelHandler(place: place, onInfo: onInfo)
                        try channel.pipeline.syncOperations.addHandler(handler)
                        onHandler.succeed(NIOLoopBound(handler, eventLoop: channel.eventLoop))
                    }
                }
                .connect(host: server.host, port: server.port).get()
        } catch {
            let error = translate(error, place)
            onInfo.fail(error)
            onHandler.fail(error)
            throw error
        }
        do {
            let handler = try await onHandler.futureResult.get()
            let info = try await answer(onInfo, within: timeout, "greet", place)
            if info.requiresTLS || configuration.requiresTLS {
                guard info.offersTLS else {
                    throw StreamError(.failed, "\(place) does not offer TLS; write nats:// to do without.")
                }
                try await encrypt(channel, server, configuration, place)
            }
            let connection = NATSConnection(channel, handler, info, configuration, inbox: inbox)
            try await connection.introduce(configuration, place)
            return connection
        } catch {
            channel.close(promise: nil)
            throw error
        }
    }

    private static func encrypt(
        _ channel: any Channel,
        _ server: NATSConfiguration.Server,
        _ configuration: NATSConfiguration,
        _ place: String
    ) async throws {
        do {
            let context = try NATSSecurity.context(configuration)
            // A name is told to the server and compared with its certificate; an address is compared alone.
            let isAddress = (try? SocketAddress(ipAddress: server.host, port: server.port)) != nil
            let name = isAddress ? nil : server.host
            try await channel.eventLoop
                .submit {
                    let tls = try NIOSSLClientHandler(context: context, serverHostname: name)
                    try channel.pipeline.syncOperations.addHandler(tls, position: .first)
                }
                .get()
        } catch {
            throw translate(error, place)
        }
    }

    private func introduce(_ configuration: NATSConfiguration, _ place: String) async throws {
        guard info.hasHeaders else {
            throw StreamError(
                .failed,
                "\(place) is NATS \(info.version), which has no headers; 2.2 or newer is needed."
            )
        }
        var members = [
            "\"verbose\":false", "\"pedantic\":false", "\"lang\":\"swift\"", "\"version\":\"1\"", "\"protocol\":1",
            "\"name\":\"highwater\"", "\"headers\":true", "\"no_responders\":true", "\"echo\":false",
            "\"tls_required\":\(info.requiresTLS || configuration.requiresTLS)",
        ]
        for (name, value) in [
            ("user", configuration.user), ("pass", configuration.password), ("auth_token", configuration.token),
        ] {
            if let value { members.append("\"\(name)\":\(JSONString.quoted(value))") }
        }
        let promise = channel.eventLoop.makePromise(of: Void.self)
        try await run { $0.expectPong(promise) }
        let lines =
            "CONNECT {\(members.joined(separator: ","))}\r\n"
            + "SUB \(inbox).r.* \(NATSChannelHandler.answerSubscription)\r\n"
            + "SUB \(inbox).p.*.* \(NATSChannelHandler.publicationSubscription)\r\nPING\r\n"
        write(ByteBuffer(string: lines))
        try await Self.answer(promise, within: TimeAmount(configuration.connectTimeout), "let us in", place)
    }

    // MARK: - Use

    /// Does something on the event loop.
    private func run<Value: Sendable>(_ body: @escaping @Sendable (NATSChannelHandler) -> Value) async throws -> Value {
        let handler = handler
        return try await channel.eventLoop.submit { body(handler.value) }.get()
    }

    private func write(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    private func nextNumber() -> Int { counter.add(1, ordering: .relaxed).oldValue }

    /// Sends a request and waits for its answer.
    ///
    /// - Throws: ``StreamError``; ``StreamError/Code/timedOut`` closes the connection.
    func request(_ subject: String, _ payload: String) async throws -> NATSMessage {
        let token = nextNumber()
        let promise = channel.eventLoop.makePromise(of: NATSMessage.self)
        try await run { $0.expectAnswer(token, promise) }
        write(ByteBuffer(string: "PUB \(subject) \(inbox).r.\(token) \(payload.utf8.count)\r\n\(payload)\r\n"))
        do {
            return try await Self.answer(promise, within: timeout, "answer \(subject)", identity.place)
        } catch {
            if let error = error as? StreamError, error.code == .timedOut { close() }
            try? await run { $0.forgetAnswer(token) }
            throw error
        }
    }

    /// Begins to listen where a consumer will send records.
    ///
    /// - Returns: The subscription.
    func subscribe() -> Int {
        let subscription = nextNumber()
        write(ByteBuffer(string: "SUB \(inbox).d.\(subscription) \(subscription)\r\n"))
        return subscription
    }

    func unsubscribe(_ subscription: Int) { write(ByteBuffer(string: "UNSUB \(subscription)\r\n")) }

    /// Asks a consumer for records, and waits until it has sent what there is.
    ///
    /// - Parameters:
    ///   - subscription: Of ``subscribe()``.
    ///   - subject: Where the consumer takes requests.
    ///   - request: JSON.
    ///   - wanted: How many are asked for.
    ///   - mostBytes: How many bytes are believed.
    /// - Returns: `nil` when the consumer said nothing at all: it is no more.
    /// - Throws: ``StreamError``.
    func pull(_ subscription: Int, _ subject: String, _ request: String, wanted: Int, mostBytes: Int) async throws
        -> NATSPull.Outcome?
    {
        let promise = channel.eventLoop.makePromise(of: NATSPull.Outcome.self)
        let loop = channel.eventLoop
        try await run { handler in
            handler.add(NATSPull(subscription: subscription, wanted: wanted, mostBytes: mostBytes, promise: promise))
        }
        write(
            ByteBuffer(
                string: "PUB \(subject) \(inbox).d.\(subscription) \(request.utf8.count)\r\n\(request)\r\n"
            )
        )
        defer {
            let handler = handler
            loop.execute { handler.value.remove(subscription) }
            // Nobody waits for it any more, whatever became of it.
            promise.fail(CancellationError())
        }
        // The clock starts anew whenever records have come.
        var seen = 0
        while true {
            do {
                return try await Self.answer(promise, within: timeout, "send records", identity.place, isFinal: false)
            } catch let error as StreamError where error.code == .timedOut {
                let count = try await run { $0.pulled(subscription) }
                if count > seen {
                    seen = count
                    continue
                }
                if seen == 0 { return nil }
                close()
                throw error
            }
        }
    }

    // MARK: - Publishing

    /// Begins to publish so many records.
    func publication(of count: Int) async throws -> NIOLoopBound<NATSPublication> {
        let (token, identity, loop) = (nextNumber(), identity, channel.eventLoop)
        return try await run { handler in
            let publication = NATSPublication(token: token, count: count, connection: identity)
            handler.add(publication)
            return NIOLoopBound(publication, eventLoop: loop)
        }
    }

    /// Where records of a publication are acknowledged; the number of the record follows.
    func replyPrefix(_ token: Int) -> String { "\(inbox).p.\(token)." }

    /// Sends encoded records, and waits until few enough are not acknowledged.
    ///
    /// - Throws: ``StreamError``; ``StreamError/Code/timedOut`` when none was acknowledged in time.
    func publish(
        _ bytes: ByteBuffer,
        _ count: Int,
        of publication: NIOLoopBound<NATSPublication>,
        below: Int
    ) async throws -> NATSPublication.Outcome {
        let promise = channel.eventLoop.makePromise(of: NATSPublication.Outcome.self)
        channel.eventLoop.execute { [channel] in
            publication.value.sent(count)
            if bytes.readableBytes > 0 { channel.writeAndFlush(bytes, promise: nil) }
            publication.value.wait(below: below, promise)
        }
        do {
            return try await Self.answer(promise, within: timeout, "acknowledge records", identity.place)
        } catch {
            if let error = error as? StreamError, error.code == .timedOut { close() }
            throw error
        }
    }

    /// Waits until no record of a publication is under way.
    ///
    /// - Returns: Those that were refused.
    func drain(_ publication: NIOLoopBound<NATSPublication>) async throws -> [NATSPublication.Refusal] {
        let promise = channel.eventLoop.makePromise(of: NATSPublication.Outcome.self)
        channel.eventLoop.execute { publication.value.drain(promise) }
        return try await Self.answer(promise, within: timeout, "acknowledge records", identity.place).refusals
    }

    /// Names a publication in subjects.
    func token(of publication: NIOLoopBound<NATSPublication>) async throws -> Int {
        try await run { _ in publication.value.token }
    }

    /// Ends a publication.
    ///
    /// - Returns: Which of its records were acknowledged.
    func finish(_ publication: NIOLoopBound<NATSPublication>) async throws -> [Bool] {
        try await run { handler in
            handler.remove(publication.value)
            return publication.value.isAcknowledged
        }
    }

    // MARK: - Waiting

    /// Waits for a promise, so long at most, and until the task is cancelled.
    ///
    /// - Parameters:
    ///   - promise: What is waited for.
    ///   - timeout: How long.
    ///   - what: What the server was to do, for the message.
    ///   - place: The server, for the message.
    ///   - isFinal: Whether the promise is over when the time is; else it may be waited for again.
    /// - Returns: The value.
    /// - Throws: What the promise failed with, ``StreamError/Code/timedOut``, or `CancellationError`.
    private static func answer<Value: Sendable>(
        _ promise: EventLoopPromise<Value>,
        within timeout: TimeAmount,
        _ what: String,
        _ place: String,
        isFinal: Bool = true
    ) async throws -> Value {
        let loop = promise.futureResult.eventLoop
        let waiting = isFinal ? promise : loop.makePromise(of: Value.self)
        if !isFinal { promise.futureResult.cascade(to: waiting) }
        let timer = loop.scheduleTask(in: timeout) {
            waiting.fail(
                StreamError(.timedOut, "\(place) did not \(what) within \(timeout.nanoseconds / 1_000_000) ms.")
            )
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await waiting.futureResult.get()
        } onCancel: {
            waiting.fail(CancellationError())
        }
    }
}
