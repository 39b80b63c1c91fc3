internal import CloudSupport
internal import RecordStreams
internal import TextEncoding

/// Reads a shard by GetRecords, renewing iterators that expire.
///
/// A position is the sequence number of the last record read. To go on behind one that was stored, the reader begins
/// AT it: if the record is still there nothing can be missing, and it is left out; if it is not, the stream has let go
/// of it, and perhaps of more.
actor KinesisShardReader: ShardReader {
    private let client: KinesisClient
    private let shard: String
    private let startsAtEnd: Bool
    /// The sequence number of the last record read.
    private var last: String?
    private var iterator: String?
    /// Whether the next record read should be the last one once more.
    private var isVerifying: Bool
    private var isEnded = false
    private var pace: Pace
    private let clock = ContinuousClock()
    private let origin: ContinuousClock.Instant

    /// The service gives at most so many records at a time, of 10 MiB together.
    private static let mostRecords = 10_000

    init(client: KinesisClient, shard: String, from start: StreamStart) {
        self.client = client
        self.shard = shard
        startsAtEnd = start == .end
        if case .behind(let position) = start { last = position.text }
        isVerifying = last != nil
        pace = Pace(
            readsPerSecond: client.configuration.readsPerSecond,
            bytesPerSecond: client.configuration.readBytesPerSecond
        )
        origin = clock.now
    }

    func next() async throws -> StreamBatch {
        if isEnded {
            return StreamBatch(records: [], position: last.map { StreamPosition($0) }, isEnd: true, lag: .zero)
        }
        var renewals = 0
        while true {
            do {
                return try await read()
            } catch let failure as KinesisFailure {
                // Five minutes after it was given out, or because the service forgot it.
                guard failure.code == "ExpiredIteratorException", renewals < 3 else {
                    throw client.error(failure, "GetRecords of \(shard)")
                }
                iterator = nil
                renewals += 1
            }
        }
    }

    private func read() async throws -> StreamBatch {
        let current = if let iterator { iterator } else { try await newIterator() }
        iterator = current
        let wait = pace.wait(at: origin.duration(to: clock.now))
        if wait > .zero { try await Task.sleep(for: wait) }
        let start = origin.duration(to: clock.now)
        let answer = try await client.call(
            "GetRecords",
            [("ShardIterator", JSONString.quoted(current)), ("Limit", String(Self.mostRecords))]
        )
        var bytes = 0
        var raw: [RawRecord] = []
        for element in answer["Records"]?.elements ?? [] {
            let record = try rawRecord(element)
            bytes += record.data.count + record.key.utf8.count
            raw.append(record)
        }
        pace.note(from: start, bytes: bytes)
        iterator = answer["NextShardIterator"]?.text
        isEnded = iterator == nil
        let lag = answer["MillisBehindLatest"]?.integer.map { Duration.milliseconds($0) }
        let continuity = verify(&raw, isAtTip: isEnded || lag == .zero)
        if let newest = raw.last { last = newest.sequence }
        return StreamBatch(
            records: raw.flatMap(\.records),
            position: last.map { StreamPosition($0) },
            isEnd: isEnded,
            lag: isEnded ? .zero : lag,
            continuity: continuity
        )
    }

    /// Leaves out the record at the position that was to be gone on behind, or notices that it is gone.
    private func verify(_ raw: inout [RawRecord], isAtTip: Bool) -> StreamBatch.Continuity {
        guard isVerifying else { return .whole }
        if let first = raw.first {
            isVerifying = false
            guard first.sequence == last else { return .uncertain }
            raw.removeFirst()
            return .whole
        }
        // Answers may be empty before the tip.
        guard isAtTip else { return .whole }
        isVerifying = false
        return .uncertain
    }

    private func newIterator() async throws -> String {
        var members: [JSONLine.Member] = [
            ("StreamName", JSONString.quoted(client.configuration.stream)),
            ("ShardId", JSONString.quoted(shard)),
        ]
        if let last {
            members.append(("ShardIteratorType", isVerifying ? "\"AT_SEQUENCE_NUMBER\"" : "\"AFTER_SEQUENCE_NUMBER\""))
            members.append(("StartingSequenceNumber", JSONString.quoted(last)))
        } else {
            members.append(("ShardIteratorType", startsAtEnd ? "\"LATEST\"" : "\"TRIM_HORIZON\""))
        }
        do {
            let answer = try await client.call("GetShardIterator", members)
            guard let iterator = answer["ShardIterator"]?.text else {
                throw StreamError(.failed, "Kinesis gave no iterator for \(shard) of \(client.stream).")
            }
            return iterator
        } catch let failure as KinesisFailure {
            throw client.error(failure, "GetShardIterator for \(shard)")
        }
    }

    private func rawRecord(_ element: JSONValue) throws -> RawRecord {
        guard let sequence = element["SequenceNumber"]?.text, let text = element["Data"]?.text,
            let data = Base64.decode(text)
        else {
            throw StreamError(.failed, "A record of \(shard) of \(client.stream) has no sequence number or no data.")
        }
        return RawRecord(
            sequence: sequence,
            key: element["PartitionKey"]?.text ?? "",
            arrival: element["ApproximateArrivalTimestamp"].flatMap(Self.microseconds) ?? UTCTime.now(),
            data: data
        )
    }

    /// Seconds since 1970 with a fraction, as the service writes times.
    private static func microseconds(_ value: JSONValue) -> Int64? {
        guard let seconds = value.double, abs(seconds) < 1e12 else { return nil }
        return Int64((seconds * 1_000_000).rounded())
    }
}

/// A record as the service has it, which may be many packed into one.
private struct RawRecord {
    var sequence: String
    var key: String
    var arrival: Int64
    var data: [UInt8]

    var records: [StreamRecord] {
        guard let aggregated = AggregatedRecord(data) else {
            return [StreamRecord(sequence: sequence, key: key, arrival: arrival, data: data)]
        }
        return aggregated.parts.enumerated()
            .map { number, part in
                StreamRecord(
                    sequence: sequence,
                    subsequence: number,
                    key: part.key,
                    arrival: arrival,
                    data: part.data
                )
            }
    }
}
