import Testing

@testable import EventJournal

@Suite("A replay that goes on knows what it has delivered")
struct ReplayProgressTests {
    private static let range = EventRange(after: nil, through: nil)

    private static func events(_ ids: some Sequence<Int>, at moment: Int64 = 5) -> [Event] {
        ids.map { Event(id: "e\($0)", timestamp: Timestamp(microseconds: moment), data: []) }
    }

    private static func ids(_ window: [EventBatch]) -> [String] {
        window.flatMap { batch in (0..<batch.count).map { batch[$0].id } }
    }

    /// What comes of windows, and of others when the replay goes on over them.
    private static func delivered(
        limit: Int,
        _ first: [[Event]],
        then second: [[Event]]
    ) throws(JournalError) -> [String] {
        var progress = ReplayProgress(limit: limit)
        var ids: [String] = []
        for window in first { ids += Self.ids(try progress.note([EventBatch(window)])) }
        #expect(progress.rest(of: range).after == Timestamp(microseconds: 4))
        _ = progress.rest(of: range)
        for window in second { ids += Self.ids(try progress.note([EventBatch(window)])) }
        try progress.finish()
        return ids
    }

    @Test(
        "nothing comes twice and nothing is left out, however many there are of a moment",
        arguments: [0, 3, 10, 100]
    )
    func goesOn(limit: Int) throws {
        let before = Self.events(0..<4, at: 1)
        for cut in [1, 3, 9, 10, 11, 30] {
            let windows = [before + Self.events(10..<min(12, 10 + cut)), Self.events(min(12, 10 + cut)..<10 + cut)]
            for size in [1, 7, 40] {
                let rest = Self.events(10..<40) + Self.events(40..<45, at: 6)
                let again = stride(from: 0, to: rest.count, by: size)
                    .map { Array(rest[$0..<min($0 + size, rest.count)]) }
                let ids = try Self.delivered(limit: limit, windows, then: again)
                #expect(ids == before.map(\.id) + (10..<45).map { "e\($0)" }, "cut \(cut), windows of \(size)")
            }
        }
    }

    @Test(
        "a replay that has gone on can go on once more, also from the middle of what comes again",
        arguments: [3, 100]
    )
    func goesOnAgain(limit: Int) throws {
        var progress = ReplayProgress(limit: limit)
        var ids = Self.ids(try progress.note([EventBatch(Self.events(0..<10))]))
        _ = progress.rest(of: Self.range)
        ids += Self.ids(try progress.note([EventBatch(Self.events(0..<6))]))
        _ = progress.rest(of: Self.range)
        ids += Self.ids(try progress.note([EventBatch(Self.events(0..<15))]))
        _ = progress.rest(of: Self.range)
        ids += Self.ids(try progress.note([EventBatch(Self.events(0..<20))]))
        try progress.finish()
        #expect(ids == (0..<20).map { "e\($0)" })
    }

    @Test(
        "of more events than are known by their ids a change is an error, not a loss",
        arguments: [[Array(1..<20)], [[50] + Array(0..<20)], [Array(0..<7)], [Array(1..<9), []], [[]]]
    )
    func changed(windows: [[Int]]) {
        #expect(throws: JournalError(.conflict, "")) {
            try Self.delivered(limit: 4, [Self.events(0..<10)], then: windows.map { Self.events($0) })
        }
        #expect(throws: JournalError(.conflict, "")) {
            let windows = windows.map { Self.events($0) } + [Self.events([60], at: 6)]
            return try Self.delivered(limit: 4, [Self.events(0..<10)], then: windows)
        }
    }

    @Test("of few events of a moment any may go and others come")
    func late() throws {
        let ids = try Self.delivered(limit: 100, [Self.events(0..<10)], then: [Self.events([50] + Array(2..<12))])
        #expect(ids == (0..<10).map { "e\($0)" } + ["e50", "e10", "e11"])
    }
}
