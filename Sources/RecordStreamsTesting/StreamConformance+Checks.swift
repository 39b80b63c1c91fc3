internal import RecordStreams

extension StreamConformance {
    static let readChecks: [Check] = [
        Check("what is sent can be read, byte for byte and once") { source, sink in
            let sent = sampleRecords(120, mark: "read")
            try await sink.send(sent)
            let read = try await StreamReading.read(source, expecting: sent.count).records
            let found = Set(read.map { OutgoingRecord(key: $0.key ?? "", data: $0.data) })
            for record in sent {
                try expect(found.contains(record), "the record with the key \(record.key) did not come back as it was")
            }
            try expect(read.allSatisfy { $0.arrival > -1 << 60 }, "a record has no time of arrival")
        },
        Check("records of one key keep their order within a send and from send to send") { source, sink in
            let first = (0..<30).map { OutgoingRecord(key: "key-\($0 % 2)", data: Array("\($0)".utf8)) }
            let second = (30..<60).map { OutgoingRecord(key: "key-\($0 % 2)", data: Array("\($0)".utf8)) }
            try await sink.send(first)
            try await sink.send(second)
            let reading = try await StreamReading.read(source, expecting: 60)
            for key in ["key-0", "key-1"] {
                let wanted = (first + second).filter { $0.key == key }.map(\.data)
                try expect(reading.payloads(of: key) == wanted, "the records of \(key) came in another order")
            }
        },
        Check("sending nothing is fine") { source, sink in
            try await sink.send([])
            _ = try await StreamReading.read(source, expecting: 0)
        },
        Check("two readers of a shard do not disturb each other") { source, sink in
            try await sink.send(sampleRecords(40, mark: "two"))
            let first = try await StreamReading.read(source, expecting: 40)
            let second = try await StreamReading.read(source, expecting: 40)
            try expect(first.shards == second.shards, "the second reader read something else than the first")
        },
    ]

    static let positionChecks: [Check] = [
        Check("a reader goes on exactly behind a position") { source, sink in
            try await sink.send(sampleRecords(30, mark: "before"))
            let before = try await StreamReading.read(source, expecting: 30)
            let sent = sampleRecords(30, mark: "behind")
            try await sink.send(sent)
            var after = StreamReading()
            for _ in 0..<50 where after.records.count < 30 {
                after = StreamReading()
                for shard in try await source.shards() {
                    let start = before.positions[shard.id].map { StreamStart.behind($0) } ?? .beginning
                    try await after.read(try await source.reader(of: shard.id, from: start), shard.id)
                }
                if after.records.count < 30 { try await Task.sleep(for: .milliseconds(100)) }
            }
            try expect(
                Set(after.records.map(\.data)) == Set(sent.map(\.data)) && after.records.count == 30,
                "\(after.records.count) records are behind the position, not the 30 that were sent then"
            )
        },
        Check("a position at the tip has nothing behind it, however often it is used") { source, sink in
            try await sink.send(sampleRecords(10, mark: "tip"))
            let reading = try await StreamReading.read(source, expecting: 10)
            for _ in 0..<2 {
                var again = StreamReading()
                for (shard, position) in reading.positions {
                    let reader = try await source.reader(of: shard, from: .behind(position))
                    try await again.read(reader, shard)
                    try expect(again.positions[shard] == position, "the position of \(shard) moved without a record")
                }
                try expect(again.records.isEmpty, "\(again.records.count) records came twice")
            }
        },
        Check("a reader from the end reads what comes later only") { source, sink in
            try await sink.send(sampleRecords(20, mark: "old"))
            _ = try await StreamReading.read(source, expecting: 20)
            var readers: [(shard: String, reader: any ShardReader)] = []
            for shard in try await source.shards() {
                let reader = try await source.reader(of: shard.id, from: .end)
                _ = try await reader.next()
                readers.append((shard.id, reader))
            }
            try await sink.send(sampleRecords(20, mark: "new"))
            var reading = StreamReading()
            for _ in 0..<50 where reading.records.count < 20 {
                for (shard, reader) in readers { try await reading.read(reader, shard) }
                if reading.records.count < 20 { try await Task.sleep(for: .milliseconds(100)) }
            }
            try expect(
                reading.records.count == 20 && reading.records.allSatisfy { $0.data.starts(with: "new".utf8) },
                "\(reading.records.count) records came, not the 20 that were sent later"
            )
        },
        Check("positions and shard names are short enough to be stored") { source, sink in
            try await sink.send(sampleRecords(10, mark: "short"))
            let reading = try await StreamReading.read(source, expecting: 10)
            try expect((1...512).contains(source.name.utf8.count), "the name has \(source.name.utf8.count) bytes")
            for (shard, position) in reading.positions {
                try expect((1...128).contains(shard.utf8.count), "the shard \(shard) has too long a name")
                try expect((1...512).contains(position.text.utf8.count), "the position \(position) is too long")
            }
        },
    ]

    static let shardChecks: [Check] = [
        Check("sequence and subsequence name a record within its shard") { source, sink in
            try await sink.send(sampleRecords(100, mark: "name"))
            let reading = try await StreamReading.read(source, expecting: 100)
            for (shard, records) in reading.shards {
                let names = Set(records.map { "\($0.sequence)/\($0.subsequence)" })
                try expect(names.count == records.count, "two records of \(shard) have one name")
            }
        },
        Check("shards have names of their own, and are not their own parents") { source, _ in
            let shards = try await source.shards()
            try expect(!shards.isEmpty, "there is no shard")
            try expect(Set(shards.map(\.id)).count == shards.count, "two shards have one name")
            try expect(shards.allSatisfy { !$0.parents.contains($0.id) }, "a shard is its own parent")
            try expect(try await source.shards().map(\.id).sorted() == shards.map(\.id).sorted(), "the shards changed")
        },
        Check("a shard that does not exist is not found") { source, _ in
            do {
                let reader = try await source.reader(of: "shardId-000000009999", from: .beginning)
                _ = try await reader.next()
            } catch let error as StreamError where error.code == .notFound {
                return
            }
            throw StreamViolation(message: "a shard that does not exist was read", place: "\(#fileID):\(#line)")
        },
        Check("an empty shard is at its tip") { source, _ in
            for shard in try await source.shards() {
                let batch = try await source.reader(of: shard.id, from: .beginning).next()
                try expect(batch.records.isEmpty && batch.isAtTip && !batch.isEnd, "\(shard.id) is not empty")
            }
        },
    ]
}
