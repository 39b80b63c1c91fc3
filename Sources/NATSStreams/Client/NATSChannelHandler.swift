internal import NIOCore
internal import RecordStreams

/// The event loop's end of a connection: takes frames apart and hands them to whoever waits for them.
///
/// Lives on the event loop of its channel and is only touched there.
final class NATSChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let place: String
    private var parser = NATSParser()
    private var buffer = ByteBuffer()
    private var context: ChannelHandlerContext?
    /// Why the connection has ended; `nil` while it has not.
    private var end: StreamError?

    private var onInfo: EventLoopPromise<NATSServerInfo>?
    private var onPong: [EventLoopPromise<Void>] = []
    private var answers: [Int: EventLoopPromise<NATSMessage>] = [:]
    private var publications: [Int: NATSPublication] = [:]
    private var pulls: [Int: NATSPull] = [:]

    /// The subscription of answers; those of pulls follow.
    static let answerSubscription = 1
    /// The subscription of acknowledgements.
    static let publicationSubscription = 2

    init(place: String, onInfo: EventLoopPromise<NATSServerInfo>) {
        self.place = place
        self.onInfo = onInfo
    }

    // MARK: - Waiting

    /// Registers what waits for something; it fails at once when the connection has ended.
    func expectPong(_ promise: EventLoopPromise<Void>) {
        if let end { promise.fail(end) } else { onPong.append(promise) }
    }

    func expectAnswer(_ token: Int, _ promise: EventLoopPromise<NATSMessage>) {
        if let end { promise.fail(end) } else { answers[token] = promise }
    }

    func forgetAnswer(_ token: Int) { answers[token] = nil }

    func add(_ publication: NATSPublication) {
        if let end { publication.fail(end) } else { publications[publication.token] = publication }
    }

    func remove(_ publication: NATSPublication) { publications[publication.token] = nil }

    func add(_ pull: NATSPull) {
        if let end { pull.fail(end) } else { pulls[pull.subscription] = pull }
    }

    func remove(_ subscription: Int) { pulls[subscription] = nil }

    /// How many records have come of a pull.
    func pulled(_ subscription: Int) -> Int { pulls[subscription]?.count ?? 0 }

    // MARK: - Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish(ended("was closed"))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = unwrapInboundIn(data)
        // Whole frames are taken off what was read; only what is left of one is copied.
        if buffer.readableBytes == 0 { swap(&buffer, &read) } else { buffer.writeBuffer(&read) }
        do throws(NATSProtocolError) {
            while end == nil, let frame = try parser.next(&buffer) { try take(frame, context) }
        } catch {
            finish(StreamError(.failed, "\(place) is no NATS server: it sent \(error)."))
            context.close(promise: nil)
        }
        buffer.discardReadBytes()
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(ended("was closed by the server"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(NATSConnection.translate(error, place))
        context.close(promise: nil)
    }

    private func take(_ frame: NATSFrame, _ context: ChannelHandlerContext) throws(NATSProtocolError) {
        switch frame {
        case .message(let message): take(message)
        case .ping:
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "PONG\r\n")), promise: nil)
        case .pong:
            if !onPong.isEmpty { onPong.removeFirst().succeed(()) }
        case .info(let json):
            let info = try NATSServerInfo(json)
            parser.longestMessage = info.maximumPayload + (1 << 20)
            onInfo?.succeed(info)
            onInfo = nil
        case .error(let text): take(error: text)
        case .ok: break
        }
    }

    private func take(_ message: NATSMessage) {
        switch message.subscription {
        case Self.answerSubscription:
            guard let token = Self.lastNumber(message.subject) else { return }
            answers.removeValue(forKey: token)?.succeed(message)
        case Self.publicationSubscription:
            guard let (token, index) = Self.lastTwoNumbers(message.subject) else { return }
            publications[token]?.take(message, index)
        default: pulls[message.subscription]?.take(message)
        }
    }

    /// `-ERR`: of a permission, after which the connection lives; all others end it.
    private func take(error text: String) {
        let error = NATSConnection.serverError(text, place)
        if text.lowercased().hasPrefix("permissions violation") {
            failAll(error)
        } else {
            finish(error)
        }
    }

    private func ended(_ how: String) -> StreamError {
        StreamError(.unavailable, "The connection to \(place) \(how).")
    }

    /// Fails everything that waits; the first reason counts.
    func finish(_ error: StreamError) {
        if end != nil { return }
        end = error
        onInfo?.fail(error)
        onInfo = nil
        failAll(error)
    }

    private func failAll(_ error: StreamError) {
        let (pongs, waiting, publishing, pulling) = (onPong, answers.values, publications.values, pulls.values)
        onPong = []
        answers = [:]
        publications = [:]
        pulls = [:]
        for promise in pongs { promise.fail(error) }
        for promise in waiting { promise.fail(error) }
        for publication in publishing { publication.fail(error) }
        for pull in pulling { pull.fail(error) }
    }

    // MARK: - Subjects

    /// The digits behind the last dot.
    static func lastNumber(_ subject: ByteBuffer) -> Int? {
        let bytes = subject.readableBytesUInt8Span
        var end = bytes.count
        return number(bytes, &end)
    }

    /// The digits between the last two dots, and those behind the last.
    static func lastTwoNumbers(_ subject: ByteBuffer) -> (Int, Int)? {
        let bytes = subject.readableBytesUInt8Span
        var end = bytes.count
        guard let last = number(bytes, &end), let first = number(bytes, &end) else { return nil }
        return (first, last)
    }

    /// Reads digits backwards up to a dot, and goes before it.
    private static func number(_ bytes: Span<UInt8>, _ end: inout Int) -> Int? {
        var (value, scale, count) = (0, 1, 0)
        while end > 0, bytes[end - 1] != UInt8(ascii: ".") {
            let byte = bytes[end - 1]
            guard (0x30...0x39).contains(byte), count < 15 else { return nil }
            value += Int(byte - 0x30) * scale
            scale *= 10
            count += 1
            end -= 1
        }
        end = max(0, end - 1)
        return count > 0 ? value : nil
    }
}
