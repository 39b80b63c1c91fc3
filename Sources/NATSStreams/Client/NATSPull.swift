internal import NIOCore
internal import RecordStreams

/// A request for the next records of a consumer, and what has come of them.
///
/// Lives on the event loop of its connection and is only touched there.
final class NATSPull {
    /// What a pull ended with.
    struct Outcome: Sendable {
        var messages: [NATSMessage]
        /// 404 and 408 when there is no more; `nil` when as many came as were wanted.
        var status: Int?
        var description = ""
    }

    let subscription: Int
    private let wanted: Int
    private let promise: EventLoopPromise<Outcome>
    private let mostBytes: Int
    private var messages: [NATSMessage] = []
    private var bytes = 0
    private var isDone = false

    /// - Parameters:
    ///   - subscription: Where the messages come.
    ///   - wanted: How many were asked for.
    ///   - mostBytes: A server that sends more than this, which was asked for less, is not believed.
    ///   - promise: Gets what came.
    init(subscription: Int, wanted: Int, mostBytes: Int, promise: EventLoopPromise<Outcome>) {
        self.subscription = subscription
        self.wanted = wanted
        self.mostBytes = mostBytes
        self.promise = promise
    }

    /// How many have come.
    var count: Int { messages.count }

    func fail(_ error: StreamError) {
        isDone = true
        promise.fail(error)
    }

    func take(_ message: NATSMessage) {
        if isDone { return }
        // Records have an address to be acknowledged at; what the server says itself has none.
        if message.reply == nil, let bytes = message.headers {
            let headers = NATSHeaders(bytes)
            if let status = headers.status, status != 100 {
                isDone = true
                promise.succeed(Outcome(messages: messages, status: status, description: headers.description))
            }
            return
        }
        messages.append(message)
        bytes += message.payload.readableBytes + (message.headers?.readableBytes ?? 0)
        if messages.count == wanted {
            isDone = true
            promise.succeed(Outcome(messages: messages))
        } else if bytes > mostBytes {
            fail(StreamError(.failed, "The server sends more than it was asked for: \(bytes) bytes."))
        }
    }
}
