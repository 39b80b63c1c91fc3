internal import NIOCore

/// What a NATS server says, one at a time.
///
/// Source: the client protocol, docs.nats.io/reference/reference-protocols/nats-protocol.
enum NATSFrame: Sendable, Equatable {
    /// What the server is, as JSON.
    case info(ByteBuffer)
    /// A message for a subscription.
    case message(NATSMessage)
    case ping
    case pong
    /// Only servers that were asked to be verbose say it.
    case ok
    /// What is wrong, without quotation marks.
    case error(String)
}

/// A message, in slices of what was received.
struct NATSMessage: Sendable, Equatable {
    /// The number of the subscription.
    var subscription: Int
    var subject: ByteBuffer
    /// Where to answer; for messages of JetStream it says what they are.
    var reply: ByteBuffer?
    /// From `NATS/1.0` to the empty line; `nil` when there are none.
    var headers: ByteBuffer?
    var payload: ByteBuffer
}

/// The server says something that no NATS server says.
struct NATSProtocolError: Error, Hashable, CustomStringConvertible {
    let description: String
}
