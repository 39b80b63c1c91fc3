internal import CloudSupport
internal import NIOCore
internal import RecordStreams
internal import TextEncoding

/// Records on their way into a stream by one connection, and which of them were acknowledged.
///
/// Lives on the event loop of its connection and is only touched there.
final class NATSPublication {
    /// A record that the server did not take.
    struct Refusal: Sendable {
        var index: Int
        var error: StreamError
    }

    /// What became of records so far.
    struct Outcome: Sendable {
        var outstanding: Int
        var refusals: [Refusal]
    }

    let token: Int
    private let connection: NATSConnection.Identity
    /// How acknowledgements of the stream begin, byte for byte.
    private let expected: [UInt8]
    private(set) var isAcknowledged: [Bool]
    private var outstanding = 0
    private var refusals: [Refusal] = []
    private var failure: StreamError?
    private var waiting: (below: Int, promise: EventLoopPromise<Outcome>)?
    /// Whether refusals are no reason to end a wait.
    private var isDraining = false

    private func isOver(_ below: Int) -> Bool { outstanding <= below || (!isDraining && !refusals.isEmpty) }

    init(token: Int, count: Int, connection: NATSConnection.Identity) {
        self.token = token
        self.connection = connection
        expected = Array("{\"stream\":\(JSONString.quoted(connection.stream))".utf8)
        isAcknowledged = Array(repeating: false, count: count)
    }

    /// Notes that records were sent.
    func sent(_ count: Int) { outstanding += count }

    /// Completes a promise when at most so many records are not acknowledged, or one is refused.
    func wait(below: Int, _ promise: EventLoopPromise<Outcome>) {
        if let failure {
            promise.fail(failure)
        } else if isOver(below) {
            promise.succeed(Outcome(outstanding: outstanding, refusals: refusals))
        } else {
            waiting = (below, promise)
        }
    }

    /// Completes a promise when every record is acknowledged or refused.
    func drain(_ promise: EventLoopPromise<Outcome>) {
        isDraining = true
        wait(below: 0, promise)
    }

    /// Fails whoever waits, and whoever comes.
    func fail(_ error: StreamError) {
        failure = failure ?? error
        waiting?.promise.fail(error)
        waiting = nil
    }

    /// Takes an acknowledgement or a refusal.
    func take(_ message: NATSMessage, _ index: Int) {
        guard isAcknowledged.indices.contains(index), !isAcknowledged[index] else { return }
        if let error = refusal(message) {
            refusals.append(Refusal(index: index, error: error))
        } else {
            isAcknowledged[index] = true
        }
        outstanding -= 1
        guard let waiting, isOver(waiting.below) else { return }
        self.waiting = nil
        waiting.promise.succeed(Outcome(outstanding: outstanding, refusals: refusals))
    }

    private func refusal(_ message: NATSMessage) -> StreamError? {
        // What servers write for a record they took: one comparison for each, since there may be 100,000 a second.
        if isExpected(message.payload) { return nil }
        if let headers = message.headers, NATSHeaders(headers).status == 503 {
            return connection.noStreamTakes()
        }
        let answer: JSONValue
        do {
            answer = try JSONValue.parse(Array(message.payload.readableBytesView))
        } catch {
            let text = ForeignText.line(bytes: message.payload.readableBytesView)
            return StreamError(
                .failed,
                "\(connection.name) acknowledged a record with something that cannot be read, \"\(text)\": \(error)."
            )
        }
        if let failure = JetStreamFailure(answer) { return failure.error(connection, "a record") }
        guard let stream = answer["stream"]?.text, answer["seq"]?.integer != nil else {
            return StreamError(.failed, "\(connection.name) acknowledged a record without saying where it is.")
        }
        if stream == connection.stream { return nil }
        return StreamError(
            .failed,
            "A record for \(connection.name) went to the stream \(stream), which takes its subject. Give subject= that the "
                + "stream takes."
        )
    }

    /// Whether a payload begins `{"stream":"NAME", "seq":`.
    private func isExpected(_ payload: ByteBuffer) -> Bool {
        let bytes = payload.readableBytesUInt8Span
        guard bytes.count > expected.count + 8 else { return false }
        for index in expected.indices where bytes[index] != expected[index] { return false }
        var index = expected.count
        for byte in [UInt8(ascii: ","), UInt8(ascii: " ")] where bytes[index] == byte { index += 1 }
        return bytes[index + 1] == UInt8(ascii: "s") && bytes[index + 2] == UInt8(ascii: "e")
            && bytes[index + 3] == UInt8(ascii: "q")
    }
}
