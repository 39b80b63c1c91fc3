import DeltaLake
import ObjectStorage
import ObjectStorageTesting
import Parquet
import Testing

@testable import EventJournal

@Suite("Columns through compactions") struct ColumnCompactionTests {
    private static func event(_ id: String, _ moment: Int64, _ number: Int) -> Event {
        let data = number % 7 == 0 ? "no JSON" : #"{"n":\#(number),"t":{"s":"s\#(number)"},"f":\#(Double(number) / 4)}"#
        return Event(id: id, timestamp: Timestamp(microseconds: moment), data: Array(data.utf8))
    }

    private static func column(_ definition: String) throws -> PromotedColumn {
        try PromotedColumn(definition: definition)
    }

    /// The ids and values of a column in the files that the catalog says are filled, and how many files are not.
    private static func stored(_ name: String, _ journal: Journal) async throws -> (
        values: [String: String?], lacking: Int
    ) {
        var values: [String: String?] = [:]
        var lacking = 0
        let state = try await journal.compaction.listing().state
        for segment in state.segments {
            guard segment.filledColumns.contains(name) else {
                lacking += 1
                continue
            }
            let file = try ParquetFile(bytes: try await journal.store.get(segment.key, range: nil).bytes)
            let columns = ["event_id", name]
                .compactMap { name in
                    file.schema.columns.firstIndex { $0.path == [name] }
                }
            #expect(columns.count == 2)
            var found: [String?] = []
            for group in file.metadata.rowGroups.indices {
                var decoder = try file.decoder(try file.plan(rowGroup: group, columns: columns, rows: nil))
                while let batch = try decoder.next() {
                    let ids = ColumnValueTests.texts(batch.columns[0])
                    let texts = ColumnValueTests.texts(batch.columns[1])
                    for (id, text) in zip(ids, texts) { values[try #require(id)] = text }
                    found += texts
                }
            }
            let add = try #require(state.table?.files[segment.key])
            let statistics = try DeltaStatistics(json: try #require(add.stats))
            #expect(statistics.nullCount[name] == Int64(found.count { $0 == nil }))
            if case .integer(let low)? = statistics.minValues[name],
                case .integer(let high)? = statistics.maxValues[name]
            {
                #expect(low == found.compactMap { $0.flatMap { Int64($0) } }.min())
                #expect(high == found.compactMap { $0.flatMap { Int64($0) } }.max())
            } else {
                #expect(found.allSatisfy { $0 == nil })
            }
        }
        return (values, lacking)
    }

    /// What a column has to have, by the events as a replay tells them.
    private static func expected(_ journal: Journal) async throws -> [String: String?] {
        var values: [String: String?] = [:]
        for event in try await journal.collect() {
            let text = String(decoding: event.data, as: UTF8.self)
            values[event.id] = text.hasPrefix("{") ? text.dropFirst(5).prefix { $0 != "," }.description : .some(nil)
        }
        return values
    }

    @Test(
        "values stay right through appends, updates, deletes, compactions and filling; nothing else changes",
        arguments: 0..<20 as Range<UInt64>
    )
    func staysRight(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fixture = CompactionFixture()
        let journal = fixture.journal
        var isThere = false
        var next = 0
        for _ in 0..<12 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0 where !isThere, 1 where !isThere:
                try await journal.addColumns([
                    try Self.column("n=data.n:int64"), try Self.column("s=data.t.s:string"),
                    try Self.column("len=length(t.s || ''):int64"),
                ])
                isThere = true
            case 0...3:
                let count = Int.random(in: 1..<80, using: &random)
                try await journal.append(
                    (next..<(next + count)).map { Self.event("e\($0)", Int64.random(in: 0..<500, using: &random), $0) }
                )
                next += count
            case 4, 5:
                let ids = try await journal.collect().map(\.id)
                for id in ids where Int.random(in: 0..<20, using: &random) == 0 {
                    if Bool.random(using: &random) {
                        try await journal.delete(id)
                    } else {
                        try await journal.update(id, data: Array(#"{"n":\#(next * 1000),"t":{}}"#.utf8))
                    }
                }
            case 6: try await journal.fillColumns()
            default:
                let before = try await journal.collect()
                try await journal.compact(
                    CompactionPolicy(
                        targetObjectBytes: [3000, 128 << 20][Int.random(in: 0..<2, using: &random)],
                        appliesChanges: Bool.random(using: &random),
                        isThorough: Bool.random(using: &random)
                    )
                )
                #expect(try await journal.collect() == before, "seed \(seed)")
            }
        }
        if !isThere { try await journal.addColumns([try Self.column("n=data.n:int64")]) }
        let before = try await journal.collect()
        try await journal.compact(CompactionPolicy(appliesChanges: true))
        try await journal.fillColumns()
        let (values, lacking) = try await Self.stored("n", fixture.another())
        #expect(lacking == 0, "seed \(seed)")
        #expect(values == (try await Self.expected(journal)), "seed \(seed)")
        #expect(try await fixture.another().collect() == before, "seed \(seed)")
        for event in before.prefix(5) { #expect(try await fixture.another().event(event.id) == event) }
        let verified = try await fixture.another().verify()
        #expect(verified.damaged.isEmpty && verified.events == before.count)
        let status = try await fixture.another().columns()
        #expect(status.allSatisfy { $0.isFilled })
        #expect(try await journal.fillColumns().commits == 0)
    }

    @Test("an erasure takes the values of a column, too") func erasure() async throws {
        let fixture = CompactionFixture()
        try await fixture.journal.addColumns([try Self.column("s=data.t.s:string")])
        try await fixture.journal.append((1..<7).map { Self.event("e\($0)", Int64($0), $0) })
        try await fixture.journal.compact()
        let report = try await fixture.journal.erase(ids: ["e3"])
        #expect(report.isComplete)
        var texts: [[UInt8]] = []
        for try await object in fixture.store.listAll(prefix: "segments/") {
            texts.append(try await fixture.store.get(object.key, range: nil).bytes)
        }
        #expect(!texts.isEmpty)
        for text in texts { #expect(!String(decoding: text, as: UTF8.self).contains("s3")) }
    }

    @Test("the table's schema grows by a commit, keeps what others put there, and refuses a column of another type")
    func schema() async throws {
        let fixture = CompactionFixture()
        let journal = fixture.journal
        try await journal.append([Self.event("a", 1, 1)])
        try await journal.compact()
        let added = try await journal.addColumns([
            try Self.column("i=a:int64"), try Self.column("d=a:float64"), try Self.column("b=a:boolean"),
            try Self.column("s=a:string"), try Self.column("t=a:timestamp"),
        ])
        #expect(added.count == 5)
        #expect(try await journal.addColumns([try Self.column("i=a:int64")]).isEmpty)
        let table = try #require(try await fixture.another().compaction.listing().state.table)
        #expect(table.version == 1)
        for (name, type) in [("i", "long"), ("d", "double"), ("b", "boolean"), ("s", "string"), ("t", "timestamp")] {
            #expect(
                table.metadata.schemaString.contains(
                    #"{"metadata":{},"name":"\#(name)","nullable":true,"type":"\#(type)"}"#
                )
            )
        }
        // Another program adds a column, as `ALTER TABLE` does.
        var metadata = table.metadata
        metadata.schemaString = try DeltaSchema.adding(
            [DeltaSchema.Field("theirs", .integer, isNullable: true)],
            to: metadata.schemaString
        )
        metadata.configuration["delta.theirs"] = "1"
        #expect(try await journal.compaction.catalog.log.commit([.metadata(metadata)], version: 2))
        let error = await #expect(throws: (any Error).self) {
            try await fixture.another().addColumns([try Self.column("Theirs=a:int64")])
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("already"))
        try await journal.removeColumns(["i", "s"])
        try await fixture.another().addColumns([try Self.column("more=a:string")])
        let last = try await fixture.another().compaction.listing().state
        #expect(last.table?.metadata.configuration["delta.theirs"] == "1")
        #expect(last.table?.metadata.schemaString.contains("theirs") == true)
        #expect(last.columns.live.map(\.name) == ["d", "b", "t", "more"])
        #expect(last.columns.removed.map(\.name) == ["i", "s"])
    }

    @Test("writers that add columns at once lose none") func race() async throws {
        let fixture = CompactionFixture()
        try await fixture.journal.append([Self.event("a", 1, 1)])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let journal = fixture.another()
                    try await journal.addColumns([try Self.column("c\(number)=data.n:int64")])
                    try await journal.append([Self.event("e\(number)", Int64(number), number)])
                    do {
                        try await journal.compact()
                    } catch let error as JournalError where error.code == .conflict {
                        // Somebody else compacts.
                    }
                }
            }
            try await group.waitForAll()
        }
        let columns = try await fixture.another().columns()
        #expect(Set(columns.map(\.column.name)) == Set((0..<6).map { "c\($0)" }))
        try await fixture.journal.compact()
        try await fixture.journal.fillColumns()
        #expect(try await fixture.another().columns().allSatisfy { $0.isFilled })
        #expect(try await Self.stored("c3", fixture.another()).values == (try await Self.expected(fixture.journal)))
    }

    @Test("filling that is interrupted leaves everything right, and goes on where it stopped") func interruption()
        async throws
    {
        let fixture = CompactionFixture()
        for part in 0..<4 {
            try await fixture.journal.append((0..<50).map { Self.event("\(part)-\($0)", Int64(part * 1000 + $0), $0) })
            try await fixture.journal.compact(CompactionPolicy(targetObjectBytes: 1))
        }
        let before = try await fixture.journal.collect()
        try await fixture.journal.addColumns([try Self.column("n=data.n:int64")])
        let segments = try await fixture.journal.columns()[0].segments
        #expect(segments > 2)
        let journal = fixture.another()
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                let steps = Shared(0)
                group.addTask {
                    try await journal.fillColumns { progress in
                        if progress.commits >= 1 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
                        steps.withLock { $0 += 1 }
                    }
                }
                try await group.waitForAll()
            }
        }
        let filled = try await fixture.another().columns()[0].filledSegments
        #expect(filled >= 1 && filled < segments)
        #expect(try await fixture.another().collect() == before)
        #expect(try await fixture.another().fillColumns().commits == segments - filled)
        #expect(try await Self.stored("n", fixture.another()).values == (try await Self.expected(fixture.journal)))
    }

    @Test("paths of a journal are suggested with the types they have") func suggestions() async throws {
        let fixture = CompactionFixture()
        try await fixture.journal.append(
            (0..<100)
                .map { number in
                    let rare = number % 20 == 0 ? #","rare":1"# : ""
                    let data =
                        #"{"id":\#(number),"at":"2024-01-01T00:00:\#(10 + number % 50)Z","o":{"id":"x\#(number)","f":\#(number).5},"#
                        + #""l":[1],"ok":true,"m":\#(number % 2 == 0 ? "1" : "\"1\""),"1 x":"a","null":null\#(rare)}"#
                    return Event(id: "e\(number)", timestamp: Timestamp(microseconds: 1), data: Array(data.utf8))
                }
        )
        let report = try await fixture.journal.fields()
        let found = report.suggestedColumns().map(\.column.definition)
        #expect(
            found == [
                "id=data.id:int64", "at=data.at:timestamp", "o_id=data.o.id:string", "f=data.o.f:float64",
                "ok=data.ok:boolean",
                "_1_x=data.\"1 x\":string",
            ]
        )
        let present = try Self.column("ident=data.id:int64")
        #expect(!report.suggestedColumns(besides: [present]).map(\.column.definition).contains("id=data.id:int64"))
    }
}
