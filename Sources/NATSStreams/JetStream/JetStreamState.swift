internal import RecordStreams
internal import TextEncoding

/// What JetStream says of a stream.
struct JetStreamState: Sendable, Hashable {
    /// When the stream was made, as the server writes it: another stream of the same name was made at another time.
    var created: String
    /// The oldest record there is; one more than ``last`` when there is none.
    var first: Int64
    /// The newest record there was; 0 when there never was one.
    var last: Int64
    /// How long records are kept, in nanoseconds; 0 for ever.
    var maximumAge: Int64
    /// Whether a record is gone as soon as one consumer has acknowledged it.
    var isWorkQueue: Bool
    /// The subjects it takes.
    var subjects: [String]
    /// The longest message it takes; `nil` when only the server has a limit.
    var maximumMessage: Int?

    /// Reads the answer to STREAM.INFO.
    ///
    /// - Throws: ``StreamError`` when something is not as documented.
    init(_ answer: JSONValue, _ identity: NATSConnection.Identity) throws {
        guard let created = answer["created"]?.text, let config = answer["config"], let state = answer["state"],
            let first = state["first_seq"]?.integer, let last = state["last_seq"]?.integer, first >= 0, last >= 0
        else {
            throw StreamError(.failed, "The server does not say what records the \(identity.name) has.")
        }
        let isPlain = created.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
        guard isPlain, (1...64).contains(created.utf8.count) else {
            throw StreamError(.failed, "The server says that the \(identity.name) was made at \"\(created)\".")
        }
        self.created = created
        self.first = max(1, first)
        self.last = last
        maximumAge = max(0, config["max_age"]?.integer ?? 0)
        isWorkQueue = config["retention"]?.text == "workqueue"
        subjects = config["subjects"]?.elements.compactMap(\.text) ?? []
        maximumMessage = config["max_msg_size"]?.integer.flatMap { $0 > 0 ? Int($0) : nil }
    }
}
