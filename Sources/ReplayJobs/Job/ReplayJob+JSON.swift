internal import EventJournal
internal import TextEncoding

/// The object of a job, `_replays/JOB.json`; see `docs/format.md`.
extension ReplayJob {
    /// As JSON, with the nonce that tells whose put it was.
    func json(nonce: String) -> [UInt8] {
        var owned: String?
        if let owner {
            owned = JSONLine.object([
                ("name", JSONString.quoted(owner.name)), ("beat", "\(owner.beat)"),
                ("seen", "\(owner.seen.microseconds)"),
            ])
        }
        let trouble = trouble.map { trouble in
            JSONLine.object([
                ("message", JSONString.quoted(trouble.message)), ("attempts", "\(trouble.attempts)"),
                ("since", "\(trouble.since.microseconds)"), ("next", "\(trouble.next.microseconds)"),
            ])
        }
        let text = JSONLine.object([
            ("format", "1"), ("job", JSONString.quoted(id)), ("nonce", JSONString.quoted(nonce)),
            ("created", "\(created.microseconds)"), ("state", JSONString.quoted(state.rawValue)),
            ("message", message.map(JSONString.quoted)), ("epoch", "\(epoch)"), ("owner", owned),
            ("trouble", trouble),
            ("sink_mark", sinkMark.map(JSONString.quoted)),
            ("spec", spec.json), ("begun", hasBegun ? "1" : nil), ("position", position?.json),
            ("progress", progress.json),
        ])
        return Array((text + "\n").utf8)
    }

    /// Reads the object; members it does not know are passed over.
    ///
    /// - Throws: ``ReplayJobError/Code/damaged``.
    init(_ bytes: [UInt8], id: String, object: String) throws {
        func damaged(_ problem: String) -> ReplayJobError {
            ReplayJobError(
                .damaged,
                "The replay job \(object) \(problem). Delete it and begin another, or update Highwater."
            )
        }
        let document: JSONValue
        do {
            document = try JSONValue.parse(bytes)
        } catch {
            throw damaged("cannot be read: \(error)")
        }
        guard document["format"]?.integer == 1 else { throw damaged("has no format that this version knows") }
        guard let specified = document["spec"], let spec = ReplayJobSpec(specified) else {
            throw damaged("does not say what it does")
        }
        guard document["job"]?.text == id, let created = document["created"]?.integer,
            let state = document["state"]?.text.flatMap(State.init), let epoch = document["epoch"]?.count
        else { throw damaged("lacks its state") }
        self.init(id: id, spec: spec, created: Timestamp(microseconds: created))
        self.state = state
        self.epoch = epoch
        message = document["message"]?.text
        if let owner = document["owner"] {
            guard let name = owner["name"]?.text, let beat = owner["beat"]?.count else {
                throw damaged("has an owner without a name or a count of its signs")
            }
            self.owner = Owner(
                name: name,
                beat: beat,
                seen: Timestamp(microseconds: owner["seen"]?.integer ?? 0)
            )
        }
        if let position = document["position"] {
            guard let read = JobPosition(position) else { throw damaged("has a position that cannot be read") }
            self.position = read
        }
        if let trouble = document["trouble"], let message = trouble["message"]?.text {
            self.trouble = Trouble(
                message: message,
                attempts: trouble["attempts"]?.count ?? 1,
                since: Timestamp(microseconds: trouble["since"]?.integer ?? 0),
                next: Timestamp(microseconds: trouble["next"]?.integer ?? 0)
            )
        }
        hasBegun = document["begun"]?.integer == 1
        sinkMark = document["sink_mark"]?.text
        progress = Progress(document["progress"] ?? .null)
    }
}

extension JobPosition {
    fileprivate var json: String {
        JSONLine.object([
            ("moment", "\(moment)"), ("sent", JSONString.quoted(Base64.encode(sent.packed))),
            ("more", isWhole ? nil : "true"), ("batch", (append?.id.description).map(JSONString.quoted)),
            ("batch_events", append.map { "\($0.count)" }),
            ("batch_sum", append.map { "\(Int64(bitPattern: $0.sum))" }),
        ])
    }

    fileprivate init?(_ json: JSONValue) {
        guard let moment = json["moment"]?.integer, let packed = json["sent"]?.text.flatMap({ Base64.decode($0) }),
            let sent = [UInt64](packed: packed)
        else { return nil }
        var append: PassedAppend?
        if let batch = json["batch"] {
            guard let id = batch.text.flatMap({ UUIDv7($0) }), let count = json["batch_events"]?.count,
                let sum = json["batch_sum"]?.integer
            else { return nil }
            append = PassedAppend(id: id, count: count, sum: UInt64(bitPattern: sum))
        }
        self.init(moment: moment, sent: sent, isWhole: json["more"] != .boolean(true), append: append)
    }
}

extension ReplayJob.Progress {
    fileprivate var json: String {
        JSONLine.object([
            ("events", "\(events)"), ("bytes", "\(bytes)"), ("last", last.map { "\($0.microseconds)" }),
            ("fraction", "\(fraction)"), ("events_per_second", "\(eventsPerSecond)"),
            ("bytes_per_second", "\(bytesPerSecond)"), ("left_seconds", timeLeft.map { "\($0.inSeconds)" }),
            ("noted", noted.map { "\($0.microseconds)" }),
        ])
    }

    fileprivate init(_ json: JSONValue) {
        events = json["events"]?.count ?? 0
        bytes = json["bytes"]?.count ?? 0
        last = json["last"]?.integer.map { Timestamp(microseconds: $0) }
        fraction = json["fraction"]?.double(upTo: 1) ?? 0
        eventsPerSecond = json["events_per_second"]?.double(upTo: 1e15) ?? 0
        bytesPerSecond = json["bytes_per_second"]?.double(upTo: 1e15) ?? 0
        timeLeft = json["left_seconds"]?.double(upTo: 1e9).map { .seconds($0) }
        noted = json["noted"]?.integer.map { Timestamp(microseconds: $0) }
    }
}

extension ReplayJobSpec {
    fileprivate var json: String {
        func texts(_ texts: [String: String]) -> String? { texts.isEmpty ? nil : JSONLine.object(texts) }
        return JSONLine.object([
            ("sink", JSONString.quoted(sink)), ("sink_options", texts(sinkOptions)),
            ("after", after.map { "\($0.microseconds)" }), ("through", through.map { "\($0.microseconds)" }),
            ("where", condition.map(JSONString.quoted)), ("select", projection.map(JSONString.quoted)),
            ("strict", isStrict ? "true" : nil), ("latest_per_key", latestPerKey ? "true" : nil),
            ("annotated", isAnnotated ? "true" : nil), ("annotations", texts(annotations)),
            ("may_overwrite", mayOverwrite ? "true" : nil), ("rate", (rate?.text).map(JSONString.quoted)),
            ("batch_records", batchRecords.map { "\($0)" }), ("lease_seconds", "\(lease.inSeconds)"),
        ])
    }

    fileprivate init?(_ json: JSONValue) {
        guard let sink = json["sink"]?.text, let lease = json["lease_seconds"]?.double,
            (1...3600).contains(lease)
        else { return nil }
        self.init(sink: sink)
        self.lease = .seconds(lease)
        sinkOptions = json["sink_options"]?.members.compactMapValues(\.text) ?? [:]
        after = json["after"]?.integer.map { Timestamp(microseconds: $0) }
        through = json["through"]?.integer.map { Timestamp(microseconds: $0) }
        condition = json["where"]?.text
        projection = json["select"]?.text
        isStrict = json["strict"] == .boolean(true)
        latestPerKey = json["latest_per_key"] == .boolean(true)
        isAnnotated = json["annotated"] == .boolean(true)
        annotations = json["annotations"]?.members.compactMapValues(\.text) ?? [:]
        mayOverwrite = json["may_overwrite"] == .boolean(true)
        if let records = json["batch_records"]?.integer {
            guard records >= 1 else { return nil }
            batchRecords = Int(clamping: records)
        }
        if let text = json["rate"]?.text {
            guard let rate = ReplayRate(text) else { return nil }
            self.rate = rate
        }
    }
}

extension JSONValue {
    /// A measure for people, which no process decides by: one that cannot be is brought into its bounds.
    fileprivate func double(upTo most: Double) -> Double? { double.map { $0 > 0 ? min($0, most) : 0 } }

    /// A number that grows; `nil` for one that is negative, or so great that it was never counted to.
    fileprivate var count: Int? { integer.flatMap { (0..<1 << 53).contains($0) ? Int($0) : nil } }
}

extension [UInt64] {
    /// Eight bytes each, little-endian.
    fileprivate var packed: [UInt8] { flatMap { hash in (0..<8).map { UInt8(truncatingIfNeeded: hash >> ($0 * 8)) } } }

    /// The inverse; `nil` when the bytes are not eight each.
    fileprivate init?(packed: [UInt8]) {
        guard packed.count.isMultiple(of: 8) else { return nil }
        self = stride(from: 0, to: packed.count, by: 8)
            .map { start in (0..<8).reduce(UInt64(0)) { $0 | UInt64(packed[start + $1]) << ($1 * 8) } }
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
