internal import EventImport
internal import EventJournal
internal import JMESPath
internal import Parquet
internal import RecordStreams

/// Records that were read and are not stored yet, as the events they become, and how far the shards get by them.
struct PendingBatch: Sendable {
    var events = EventBatch()
    var payloadBytes = 0
    /// The checkpoint of each shard that has records here.
    var checkpoints: [String: StreamCheckpoint] = [:]
    /// Up to when a shard is archived once this is stored, in microseconds since 1970 UTC.
    var verified: [String: Int64] = [:]
    /// How many records of a shard wait once this is stored.
    var waiting: [String: WaitingRecords] = [:]
    /// Shards that end with this.
    var ended: Set<String> = []
    /// What is missing before records of this, or may be.
    var gaps: [StreamGap] = []
    /// Records whose payload does not say when it was.
    var withoutTime = 0

    var isEmpty: Bool { events.isEmpty }

    /// Whether there is anything to tell the ledger once this is stored.
    var hasNews: Bool { !verified.isEmpty || !ended.isEmpty || !gaps.isEmpty }

    init() {
        events.keys = ByteArrays()
        events.sources = ByteArrays()
        events.sequences = ByteArrays()
    }

    /// Adds records of a shard.
    ///
    /// - Parameters:
    ///   - records: In the order of the shard.
    ///   - source: The stream and the shard, `STREAM/SHARD`.
    ///   - times: Reads the time of an event; `nil` for that of the record's arrival.
    mutating func add(_ records: [StreamRecord], source: String, times: EventTimes?) {
        let stated = times?.times(of: records)
        // One buffer for all ids, and one text for all sources: there may be a million records a second.
        var id = Array("\(source)/".utf8)
        let prefix = id.count
        guard let buffer = events.sources?.addBuffer(Array(source.utf8)) else { return }
        let view = ByteView(buffer: buffer, offset: 0, length: UInt32(source.utf8.count))
        for (number, record) in records.enumerated() {
            id.removeSubrange(prefix...)
            id.append(contentsOf: record.sequence.utf8)
            id.append(UInt8(ascii: "/"))
            id.append(contentsOf: String(record.subsequence).utf8)
            events.ids.append(id)
            events.sequences?.append(id[prefix...])
            events.sources?.views.append(view)
            if stated != nil, stated?[number] == nil { withoutTime += 1 }
            events.timestamps.append(stated?[number] ?? record.arrival)
            if let key = record.key { events.keys?.append(key.utf8) } else { events.keys?.appendNull() }
        }
        addPayloads(records)
    }

    /// The most bytes of one buffer, but for a payload that is longer.
    private static let bufferBytes = 64 << 20

    /// Payloads go into buffers of the size they need: one that grows is copied again and again.
    private mutating func addPayloads(_ records: [StreamRecord]) {
        var rest = records.reduce(0) { $0 + $1.data.count }
        payloadBytes += rest
        var buffer: [UInt8] = []
        var lengths: [Int] = []
        for record in records {
            if !buffer.isEmpty, buffer.count + record.data.count > PendingBatch.bufferBytes {
                add(buffer, lengths)
                (buffer, lengths) = ([], [])
            }
            if buffer.isEmpty { buffer.reserveCapacity(min(rest, PendingBatch.bufferBytes)) }
            buffer.append(contentsOf: record.data)
            lengths.append(record.data.count)
            rest -= record.data.count
        }
        add(buffer, lengths)
    }

    private mutating func add(_ payloads: [UInt8], _ lengths: [Int]) {
        if lengths.isEmpty { return }
        let buffer = events.payloads.addBuffer(payloads)
        var offset = 0
        for length in lengths {
            events.payloads.views.append(
                ByteView(buffer: buffer, offset: UInt32(offset), length: UInt32(length))
            )
            offset += length
        }
    }
}

/// How many records of a shard were on the stream and not read.
struct WaitingRecords: Sendable, Hashable {
    /// `nil` when the stream cannot tell.
    var count: Int?
    /// When they were counted, in microseconds since 1970 UTC.
    var counted: Int64
}

/// Finds the time of an event in its payload.
struct EventTimes: Sendable {
    let expression: JMESPathExpression
    let unit: TimestampUnit

    /// The time of each record, `nil` where the payload states none, in microseconds since 1970 UTC.
    ///
    /// Costs an evaluator, some 1 MiB, for each call.
    func times(of records: [StreamRecord]) -> [Int64?] {
        let evaluator: JMESPathEvaluator
        do throws(JMESPathError) {
            evaluator = try JMESPathEvaluator(select: expression)
        } catch {
            // Memory is short: the times of arrival will do, and are counted.
            return records.map { _ in nil }
        }
        var json: [UInt8] = []
        return records.map { record in
            json.removeAll(keepingCapacity: true)
            let isMatch = unsafe record.data.withUnsafeBytes { bytes in
                do throws(JMESPathError) {
                    return try unsafe evaluator.write(bytes, into: &json)
                } catch {
                    // Not JSON, or of another form: it has no time to state.
                    return false
                }
            }
            return isMatch ? unit.microseconds(ofJSON: json) : nil
        }
    }
}
