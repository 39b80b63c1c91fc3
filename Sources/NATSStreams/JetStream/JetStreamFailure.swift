internal import RecordStreams
internal import TextEncoding

/// The error in an answer of JetStream.
///
/// Source: NATS ADR-7 and `server/errors.json` of nats-server.
struct JetStreamFailure: Error, Sendable, Hashable {
    /// As of HTTP.
    var code: Int
    /// What exactly it is.
    var errorCode: Int
    var description: String

    /// The error of an answer; `nil` when there is none.
    init?(_ answer: JSONValue) {
        guard let error = answer["error"], case .object = error else { return nil }
        code = Int(error["code"]?.integer ?? 0)
        errorCode = Int(error["err_code"]?.integer ?? 0)
        description = error["description"]?.text ?? "no description"
    }

    static let streamNotFound = 10_059
    private static let notEnabled: Set<Int> = [10_039, 10_076]
    /// What a limit of the stream, or its store, says.
    private static let storeFailed = 10_077

    /// In words.
    ///
    /// - Parameters:
    ///   - identity: The stream.
    ///   - what: What was refused, such as `STREAM.INFO`.
    /// - Returns: The error to throw.
    func error(_ identity: NATSConnection.Identity, _ what: String) -> StreamError {
        if errorCode == Self.streamNotFound {
            return StreamError(
                .notFound,
                "There is no \(identity.name). `nats stream ls` lists the streams there are; names are case-sensitive."
            )
        }
        if Self.notEnabled.contains(errorCode) { return identity.notEnabled() }
        // A stream that discards new records says so when it is full; a store may also be unable to write just now.
        let isFull = errorCode == Self.storeFailed && description.contains("maximum")
        // No leader, no resources, nothing read yet: servers of a cluster come and go.
        let isPassing = code == 503 && !isFull
        return StreamError(
            isPassing ? .unavailable : .failed,
            "The \(identity.name) refused \(what): \(description) (error \(errorCode))."
                + (isFull ? " Raise the limits of the stream, or let it discard old records." : "")
        )
    }
}

extension NATSConnection {
    /// What messages about a stream name.
    struct Identity: Sendable, Hashable {
        /// The name of the stream.
        var stream: String
        /// Its servers, without secrets.
        var place: String

        /// For messages.
        var name: String { "stream \(stream) on \(place)" }

        func notEnabled() -> StreamError {
            StreamError(
                .failed,
                "JetStream, which keeps streams, is not enabled on \(place) for this account. Start the server with "
                    + "`nats-server -js`, or enable it in its configuration."
            )
        }

        func noStreamTakes() -> StreamError {
            StreamError(
                .unavailable,
                "Nobody takes a record for \(name): no stream has its subject, or JetStream is not there just now."
            )
        }
    }
}
