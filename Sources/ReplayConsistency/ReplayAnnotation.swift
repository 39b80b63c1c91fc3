internal import TextEncoding

/// What a replay says of a record beside its payload: which job sent it, where it stood in the log, and whether it may
/// overwrite.
///
/// It is the member `_replay` of the payload, when that is a JSON object; ``ReplayedRecord`` finds it there.
/// `docs/replay-consistency.md` has the text.
public struct ReplayAnnotation: Sendable, Hashable {
    /// The job that sent the record.
    public var job: String
    /// Whether the job's version of the record takes the place of the record's first version.
    public var mayOverwrite: Bool
    /// The id of the event.
    public var id: String
    /// What the record is about; `nil` when it has no key.
    public var key: String?
    /// When the event happened, as RFC 3339 in UTC with microseconds.
    public var timestamp: String
    /// The stream and shard it was archived from; `nil` for an event that was recorded otherwise.
    public var source: String?
    /// Its position among the records of its key: the `sequence` of an archived event, else its time in microseconds
    /// since 1970 UTC.
    public var position: String
    /// What the user of the job wanted to be said, by name.
    public var annotations: [String: String]

    /// Makes an annotation.
    public init(
        job: String,
        mayOverwrite: Bool,
        id: String,
        key: String?,
        timestamp: String,
        source: String?,
        position: String,
        annotations: [String: String] = [:]
    ) {
        self.job = job
        self.mayOverwrite = mayOverwrite
        self.id = id
        self.key = key
        self.timestamp = timestamp
        self.source = source
        self.position = position
        self.annotations = annotations
    }

    /// The member of a payload that holds it.
    public static let member = "_replay"

    static let memberName: StaticString = "_replay"

    /// The position, to compare; `nil` when it is not made of decimal numbers, such as a time before 1970.
    public var logPosition: LogPosition? { LogPosition(position) }

    /// The record, to hand to a ``ConsistentTable``.
    ///
    /// - Parameter change: What the payload says of the key.
    /// - Returns: `nil` when the record has no key, or no position that compares.
    public func record<Value: Sendable>(_ change: KeyedRecord<Value>.Change) -> KeyedRecord<Value>? {
        guard let key, let logPosition else { return nil }
        return KeyedRecord(
            key: key,
            position: logPosition,
            change: change,
            origin: .replay(job: job, mayOverwrite: mayOverwrite)
        )
    }
}

extension ReplayAnnotation {
    /// What a payload is when it is no JSON object, and so stands in a member of its own, `data`.
    enum Wrapping: String {
        /// JSON, as it is.
        case json
        /// UTF-8, as a string.
        case text
        /// Any bytes, as a string of base 64.
        case base64
    }

    func json(wrapping: Wrapping?) -> String {
        var text = "{\"job\":\(JSONString.quoted(job)),\"overwrite\":\(mayOverwrite),\"id\":\(JSONString.quoted(id))"
        if let key { text += ",\"key\":" + JSONString.quoted(key) }
        text += ",\"timestamp\":" + JSONString.quoted(timestamp)
        if let source { text += ",\"source\":" + JSONString.quoted(source) }
        text += ",\"position\":" + JSONString.quoted(position)
        if !annotations.isEmpty {
            let members = annotations.sorted { $0.key < $1.key }
                .map { "\(JSONString.quoted($0.key)):\(JSONString.quoted($0.value))" }
            text += ",\"annotations\":{" + members.joined(separator: ",") + "}"
        }
        if let wrapping { text += ",\"wrapped\":\"\(wrapping.rawValue)\"" }
        return text + "}"
    }

    /// Reads it, and how the payload is wrapped; `nil` when it is something else of this name.
    static func parse(_ json: [UInt8]) -> (annotation: ReplayAnnotation, wrapping: Wrapping?)? {
        let document: JSONValue
        do { document = try JSONValue.parse(json) } catch { return nil }
        guard let job = document["job"]?.text, case .boolean(let mayOverwrite)? = document["overwrite"],
            let id = document["id"]?.text, let timestamp = document["timestamp"]?.text,
            let position = document["position"]?.text
        else { return nil }
        var wrapping: Wrapping?
        if let name = document["wrapped"]?.text {
            guard let known = Wrapping(rawValue: name) else { return nil }
            wrapping = known
        }
        let annotation = ReplayAnnotation(
            job: job,
            mayOverwrite: mayOverwrite,
            id: id,
            key: document["key"]?.text,
            timestamp: timestamp,
            source: document["source"]?.text,
            position: position,
            annotations: document["annotations"]?.members.compactMapValues(\.text) ?? [:]
        )
        return (annotation, wrapping)
    }
}
