internal import JMESPath
internal import TextEncoding

/// The manifest as text; `docs/presigned-reads.md` is its description.
extension EventStreams {
    /// The version of manifests without expressions.
    private static let version: Int64 = 1
    /// Of those with: readers of version 1 refuse them, where passing over the expressions would deliver what was not
    /// meant to be.
    private static let versionWithSelection: Int64 = 2
    private static let kind = "event-streams"

    /// The manifest as NDJSON: a line about the whole, then one for each stream.
    public func encoded() -> [UInt8] {
        var output: [UInt8] = []
        EventStreams.append(
            [
                ("highwater", .string(EventStreams.kind)),
                ("version", .integer(selection == nil ? EventStreams.version : EventStreams.versionWithSelection)),
                ("journal", .string(journal)), ("created", .string(created.rfc3339)),
                ("after", range.after == .min ? .null : .string(range.after.rfc3339)),
                ("through", range.through == .max ? .null : .string(range.through.rfc3339)),
                ("after_us", range.after == .min ? .null : .integer(range.after.microseconds)),
                ("through_us", range.through == .max ? .null : .integer(range.through.microseconds)),
                ("expires", expires.map { .string($0.rfc3339) } ?? .null),
                ("share", share.map { .string($0.description) } ?? .null),
                ("streams", .integer(Int64(streams.count))), ("events", .integer(Int64(events))),
                ("bytes", .integer(Int64(bytes))),
            ] + (selection?.members ?? []),
            to: &output
        )
        for stream in streams { EventStreams.append(stream.members, to: &output) }
        return output
    }

    private static func append(_ members: [(name: String, value: JSONValue)], to output: inout [UInt8]) {
        for (index, member) in members.enumerated() {
            output.append(UInt8(ascii: index == 0 ? "{" : ","))
            JSONValue.string(member.name).serialize(to: &output)
            output.append(UInt8(ascii: ":"))
            member.value.serialize(to: &output)
        }
        output += "}\n".utf8
    }

    /// Reads a manifest.
    ///
    /// Members that are not known are passed over, so that later versions can add some.
    ///
    /// - Parameter text: What ``encoded()`` gave.
    /// - Throws: ``JournalError/Code/invalidManifest``, with the line that is wrong.
    public init(parsing text: [UInt8]) throws {
        let lines = text.split(separator: UInt8(ascii: "\n")).filter { $0 != [UInt8(ascii: "\r")] }
        guard let first = lines.first else {
            throw ManifestLine.invalid(1, "it is empty")
        }
        let head = try ManifestLine(first, number: 1)
        guard head.value["highwater"]?.text == EventStreams.kind else {
            throw head.invalid("it is not the head of a manifest (\"highwater\":\"\(EventStreams.kind)\")")
        }
        let version = try head.integer("version")
        guard version == EventStreams.version || version == EventStreams.versionWithSelection else {
            throw head.invalid(
                "it has version \(version), this program reads up to \(EventStreams.versionWithSelection); update Highwater"
            )
        }
        let selection = try EventSelection(head)
        guard (selection == nil) == (version == EventStreams.version) else {
            throw head.invalid(
                "\"where\" and \"select\" belong to version \(EventStreams.versionWithSelection), and it has version \(version)"
            )
        }
        let share = head.value["share"]?.text
        if let share, Share(share) == nil { throw head.invalid("its share \(share) is none") }
        let range = EventRange(
            after: try head.optionalInteger("after_us").map { Timestamp(microseconds: $0) },
            through: try head.optionalInteger("through_us").map { Timestamp(microseconds: $0) }
        )
        let count = try head.integer("streams")
        guard count == lines.count - 1 else {
            throw head.invalid(
                "it promises \(count) streams, \(lines.count - 1) follow: the manifest was cut short, or joined"
            )
        }
        let streams = try lines.dropFirst().enumerated()
            .map { try EventStream(ManifestLine($0.element, number: $0.offset + 2)) }
        var ids: Set<String> = []
        for (index, stream) in streams.enumerated() where !ids.insert(stream.id).inserted {
            throw ManifestLine.invalid(index + 2, "\(stream.id) is there twice")
        }
        self.init(
            journal: try head.text("journal"),
            range: range,
            created: try head.time("created"),
            share: share.flatMap { Share($0) },
            selection: selection,
            streams: streams
        )
    }
}

extension EventSelection {
    fileprivate var members: [(name: String, value: JSONValue)] {
        [
            ("where", condition.map { .string($0.text) } ?? .null),
            ("select", projection.map { .string($0.text) } ?? .null), ("strict", .boolean(isStrict)),
        ]
    }

    /// The selection of a manifest's head, `nil` if it has none.
    fileprivate init?(_ head: ManifestLine) throws {
        func expression(_ name: String) throws -> JMESPathExpression? {
            guard let text = try head.optionalText(name) else { return nil }
            do throws(JMESPathError) {
                return try JMESPathExpression(text)
            } catch {
                throw head.invalid("its \"\(name)\" is no expression: \(error)")
            }
        }
        let (condition, projection) = (try expression("where"), try expression("select"))
        if condition == nil, projection == nil { return nil }
        let isStrict: Bool
        switch head.value["strict"] {
        case nil, .null: isStrict = false
        case .boolean(let value): isStrict = value
        default: throw head.invalid("\"strict\" is neither true nor false")
        }
        self.init(where: condition, select: projection, isStrict: isStrict)
    }
}

extension EventStream {
    fileprivate var members: [(name: String, value: JSONValue)] {
        var members: [(name: String, value: JSONValue)] = [
            ("id", .string(id)), ("kind", .string(segment.kind.word)),
            ("first", .string(segment.first.rfc3339)), ("last", .string(segment.last.rfc3339)),
            ("first_us", .integer(segment.first.microseconds)), ("last_us", .integer(segment.last.microseconds)),
            ("events", .integer(Int64(events))), ("rows", .integer(Int64(segment.events))),
            ("bytes", .integer(Int64(bytes))), ("payload_bytes", .integer(Int64(segment.payloadBytes))),
        ]
        if let checksum = segment.checksum { members.append(("checksum", .string(checksum.description))) }
        if let groups = segment.rowGroups {
            let name = RowGroupDirectory.isWide(groups) ? "wide_groups" : "groups"
            members.append((name, .string(RowGroupDirectory.encode(groups))))
        }
        members.append(
            (
                "skip",
                .array(skipped.map { .array([.integer(Int64($0.lowerBound)), .integer(Int64($0.upperBound))]) })
            )
        )
        members.append(
            ("hide", .array(hidden.map { .array([.string($0.id), .integer($0.timestamp.microseconds)]) }))
        )
        members.append(("url", .string(url)))
        members.append(("expires", expires.map { .string($0.rfc3339) } ?? .null))
        return members
    }

    fileprivate init(_ line: ManifestLine) throws {
        let segment = try EventStream.segment(line)
        let skipped = try line.array("skip")
            .map { run in
                guard case .array(let bounds) = run, bounds.count == 2, case .integer(let from) = bounds[0],
                    case .integer(let end) = bounds[1], from >= 0, from < end, end <= segment.events
                else { throw line.invalid("a run of \"skip\" is not of two numbers of rows") }
                return Int(from)..<Int(end)
            }
        guard zip(skipped, skipped.dropFirst()).allSatisfy({ $0.upperBound <= $1.lowerBound }) else {
            throw line.invalid("the runs of \"skip\" do not ascend")
        }
        let hidden = try line.array("hide")
            .map { pair in
                guard case .array(let pair) = pair, pair.count == 2, let id = pair[0].text,
                    case .integer(let time) = pair[1]
                else { throw line.invalid("an element of \"hide\" is not an id and a time") }
                return HiddenEvent(id: id, timestamp: Timestamp(microseconds: time))
            }
        self.init(
            segment: segment,
            skipped: skipped,
            hidden: hidden,
            url: try line.text("url"),
            expires: line.value["expires"]?.text == nil ? nil : try line.time("expires")
        )
    }

    /// The segment a line describes; what the name of one of the inbox says counts, as everywhere.
    private static func segment(_ line: ManifestLine) throws -> Segment {
        let key = try line.text("id")
        let kind = try line.text("kind")
        if kind == "appended" || kind == "changes" {
            guard let segment = Segment(key: key), segment.kind.word == kind else {
                throw line.invalid("\(key) is not the name of such a segment")
            }
            return segment
        }
        let size = try line.size("bytes")
        var checksum: SegmentChecksum?
        if let text = line.value["checksum"]?.text {
            checksum = SegmentChecksum(hexadecimal: Array(text.utf8)[...])
            if checksum == nil { throw line.invalid("its checksum is not 16 hexadecimal digits") }
        }
        var groups: [RowGroupPlace]?
        let wide = line.value["wide_groups"]?.text
        if let text = wide ?? line.value["groups"]?.text {
            groups = RowGroupDirectory.decode(text, isWide: wide != nil, objectBytes: size)
            if groups == nil { throw line.invalid("its row groups cannot be read") }
        }
        let rows = try line.size("rows")
        guard kind == "foreign" || (kind == "compacted" && checksum != nil && groups != nil) else {
            throw line.invalid("a segment that is \(kind) is not known, or lacks checksum or row groups")
        }
        guard groups.map({ $0.reduce(0) { $0 + $1.rows } == rows }) ?? true else {
            throw line.invalid("its row groups have other rows than it")
        }
        return Segment(
            catalogKey: key,
            kind: kind == "foreign" ? .foreign : .compacted,
            first: Timestamp(microseconds: try line.integer("first_us")),
            last: Timestamp(microseconds: try line.integer("last_us")),
            events: rows,
            payloadBytes: try line.size("payload_bytes"),
            checksum: checksum,
            objectBytes: size,
            rowGroups: groups
        )
    }
}

extension Segment.Kind {
    /// As manifests have it.
    fileprivate var word: String {
        switch self {
        case .appended: "appended"
        case .changes: "changes"
        case .compacted: "compacted"
        case .foreign: "foreign"
        }
    }
}

/// A line of a manifest.
private struct ManifestLine {
    let value: JSONValue
    let number: Int

    init(_ bytes: ArraySlice<UInt8>, number: Int) throws {
        self.number = number
        do throws(JSONValue.Failure) {
            value = try JSONValue.parse(bytes)
        } catch {
            throw ManifestLine.invalid(number, "\(error)")
        }
        guard case .object = value else { throw ManifestLine.invalid(number, "it is no object") }
    }

    static func invalid(_ line: Int, _ reason: String) -> JournalError {
        JournalError(
            .invalidManifest,
            "Line \(line) of the manifest cannot be used: \(reason). Make another with `highwater streams`."
        )
    }

    func invalid(_ reason: String) -> JournalError { ManifestLine.invalid(number, reason) }

    func text(_ name: String) throws -> String {
        guard let text = value[name]?.text else { throw invalid("it has no text \"\(name)\"") }
        return text
    }

    func optionalText(_ name: String) throws -> String? {
        switch value[name] {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw invalid("\"\(name)\" is no text")
        }
    }

    func time(_ name: String) throws -> Timestamp {
        guard let time = Timestamp(rfc3339: try text(name)) else { throw invalid("\"\(name)\" is no RFC 3339 time") }
        return time
    }

    func integer(_ name: String) throws -> Int64 {
        guard let number = try optionalInteger(name) else { throw invalid("it has no number \"\(name)\"") }
        return number
    }

    func optionalInteger(_ name: String) throws -> Int64? {
        switch value[name] {
        case nil, .null: return nil
        case .integer(let number): return number
        default: throw invalid("\"\(name)\" is no whole number")
        }
    }

    /// A number of rows or bytes.
    func size(_ name: String) throws -> Int {
        let number = try integer(name)
        guard (0...(1 << 48)).contains(number) else { throw invalid("\"\(name)\" is out of range") }
        return Int(number)
    }

    func array(_ name: String) throws -> [JSONValue] {
        guard case .array(let elements) = value[name] else { throw invalid("it has no list \"\(name)\"") }
        return elements
    }
}
