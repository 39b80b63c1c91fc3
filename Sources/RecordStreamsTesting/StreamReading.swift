internal import RecordStreams

/// What was read of a stream, shard by shard.
struct StreamReading {
    /// Records in the order they came, by shard.
    var shards: [String: [StreamRecord]] = [:]
    /// Where each shard was left.
    var positions: [String: StreamPosition] = [:]

    /// All records.
    var records: [StreamRecord] { shards.values.flatMap(\.self) }

    /// Payloads of a key in the order they came; only where all are in one shard.
    func payloads(of key: String) -> [[UInt8]] {
        shards.values.map { $0.filter { $0.key == key }.map(\.data) }.first { !$0.isEmpty } ?? []
    }

    /// Reads all shards up to their tips, and waits until so many records were read.
    static func read(
        _ source: any StreamSource,
        from start: StreamStart = .beginning,
        expecting count: Int
    ) async throws -> StreamReading {
        var reading = StreamReading()
        for shard in try await source.shards() {
            let reader = try await source.reader(of: shard.id, from: start)
            try await reading.read(reader, shard.id)
        }
        // Services may need a moment until a record can be read.
        for _ in 0..<50 where reading.records.count < count {
            try await Task.sleep(for: .milliseconds(100))
            for shard in try await source.shards() {
                let start = reading.positions[shard.id].map { StreamStart.behind($0) } ?? start
                try await reading.read(try await source.reader(of: shard.id, from: start), shard.id)
            }
        }
        try expect(reading.records.count == count, "\(reading.records.count) records were read, \(count) were sent")
        return reading
    }

    /// Reads one shard up to its tip.
    mutating func read(_ reader: any ShardReader, _ shard: String) async throws {
        while true {
            let batch = try await reader.next()
            try expect(batch.continuity == .whole, "\(shard) is said to have lost records, and lost none")
            shards[shard, default: []] += batch.records
            if !batch.records.isEmpty { try expect(batch.position != nil, "a batch of \(shard) has no position") }
            if let position = batch.position { positions[shard] = position }
            if batch.isAtTip { return }
        }
    }
}

/// Records with keys and payloads of many kinds.
func sampleRecords(_ count: Int, mark: String) -> [OutgoingRecord] {
    (0..<count)
        .map { number in
            var data = Array("\(mark) \(number) ".utf8)
            // All bytes there are, also those that are no text.
            data += (0..<(number % 300)).map { UInt8(truncatingIfNeeded: $0 &+ number) }
            return OutgoingRecord(key: number % 3 == 0 ? "key-\(number % 7)" : "schlüssel-\(number)", data: data)
        }
}
