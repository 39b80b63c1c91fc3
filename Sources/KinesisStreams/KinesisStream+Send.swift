internal import CloudHTTP
public import RecordStreams
internal import TextEncoding

extension KinesisStream {
    /// Stores records by PutRecords, and those that Kinesis does not take once more until it does.
    ///
    /// A request holds at most 500 records and 10 MiB, and one record of each key: Kinesis does not promise the order
    /// of records within a request, of which it may refuse some. So keys that repeat cost a request for each
    /// repetition.
    ///
    /// - Throws: ``StreamError/Code/recordTooLarge`` before anything is sent, ``StreamError/Code/throttled`` when
    ///   shards did not take the rest in time.
    public func send(_ records: [OutgoingRecord]) async throws {
        for record in records { try check(record) }
        for group in PutPlan(records).requests { try await put(group.map { records[$0] }) }
    }

    private func check(_ record: OutgoingRecord) throws {
        guard (1...256).contains(record.key.unicodeScalars.count) else {
            throw StreamError(
                .recordTooLarge,
                "A record for \(client.stream) has a key of \(record.key.unicodeScalars.count) characters; Kinesis wants 1 "
                    + "to 256."
            )
        }
        let bytes = PutPlan.bytes(record)
        guard bytes <= PutPlan.mostBytes else {
            throw StreamError(
                .recordTooLarge,
                "A record for \(client.stream) (key \"\(record.key)\") has \(bytes) bytes with its key; Kinesis takes at "
                    + "most \(PutPlan.mostBytes)."
            )
        }
    }

    /// Puts records, again those that were refused alone.
    private func put(_ records: [OutgoingRecord]) async throws {
        var left = records
        var attempts = Attempts(
            RetryPolicy(
                attempts: client.configuration.attempts,
                base: .milliseconds(100),
                cap: .seconds(5),
                total: client.configuration.retryTime
            )
        )
        while true {
            let items = left.map { record in
                "{\"Data\":\"\(Base64.encode(record.data))\",\"PartitionKey\":\(JSONString.quoted(record.key))}"
            }
            let answer = try await perform(
                "PutRecords",
                [
                    ("StreamName", JSONString.quoted(client.configuration.stream)),
                    ("Records", "[" + items.joined(separator: ",") + "]"),
                ]
            )
            let results = answer["Records"]?.elements ?? []
            guard results.count == left.count else {
                throw StreamError(
                    .failed,
                    "PutRecords of \(client.stream) answered for \(results.count) of \(left.count) records."
                )
            }
            let refused = results.indices.filter { results[$0]["SequenceNumber"]?.text == nil }
            guard let first = refused.first else { return }
            let reason = "\(results[first]["ErrorCode"]?.text ?? "") \(results[first]["ErrorMessage"]?.text ?? "")"
            left = refused.map { left[$0] }
            let tell = client.told("PutRecords did not store \(left.count) records: \(reason)")
            guard try await attempts.wait(telling: tell) else {
                throw StreamError(
                    .throttled,
                    "PutRecords of \(client.stream) did not store \(left.count) records in \(attempts.made) attempts: "
                        + "\(reason). Send fewer at a time, or give the stream more shards."
                )
            }
        }
    }
}

/// Cuts records into requests within the limits of PutRecords, so that those of one key cannot overtake each other.
struct PutPlan {
    /// Numbers of records, request by request.
    private(set) var requests: [[Int]] = []

    /// The service takes at most so many records at a time.
    static let mostRecords = 500
    /// And so many bytes of data and keys.
    static let mostBytes = 10 << 20

    /// What a record counts.
    static func bytes(_ record: OutgoingRecord) -> Int { record.data.count + record.key.utf8.count }

    init(_ records: [OutgoingRecord]) {
        // The k-th record of a key is in the k-th wave; a wave is sent when the one before was acknowledged.
        var waves: [[Int]] = []
        var repetitions: [String: Int] = [:]
        for (number, record) in records.enumerated() {
            let wave = repetitions[record.key, default: 0]
            repetitions[record.key] = wave + 1
            if wave == waves.count { waves.append([]) }
            waves[wave].append(number)
        }
        for wave in waves {
            var request: [Int] = []
            var bytes = 0
            for number in wave {
                let more = Self.bytes(records[number])
                if request.count == Self.mostRecords || (!request.isEmpty && bytes + more > Self.mostBytes) {
                    requests.append(request)
                    (request, bytes) = ([], 0)
                }
                request.append(number)
                bytes += more
            }
            if !request.isEmpty { requests.append(request) }
        }
    }
}
