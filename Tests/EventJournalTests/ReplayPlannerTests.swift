import Testing

@testable import EventJournal

@Suite("Replay planner")
struct ReplayPlannerTests {
    /// A chunk and the timestamps of its rows.
    private struct Rows {
        var chunk: Chunk
        var timestamps: [Int64]
    }

    private static func rows(
        rank: Int,
        _ timestamps: [Int64],
        bytesPerRow: Int,
        firstRow: Int = 0
    ) -> Rows {
        let segment = Segment(
            batchID: UUIDv7(high: UInt64(rank) << 16 | 0x7000, low: 1 << 63),
            first: Timestamp(microseconds: timestamps[0]),
            last: Timestamp(microseconds: timestamps[timestamps.count - 1]),
            events: timestamps.count,
            payloadBytes: timestamps.count * bytesPerRow,
            checksum: SegmentChecksum(object: 0, footer: 0),
            objectBytes: 0
        )
        let chunk = Chunk(
            segment: segment,
            rank: rank,
            rowGroup: 0,
            firstRow: firstRow,
            rows: timestamps.count,
            first: timestamps[0],
            last: timestamps[timestamps.count - 1],
            payloadBytes: timestamps.count * bytesPerRow
        )
        return Rows(chunk: chunk, timestamps: timestamps)
    }

    /// Drives the planner as ``ReplaySource`` does and returns its windows.
    private static func windows(_ all: [Rows], range: EventRange, bytes: Int) -> [ReplayWindow] {
        var planner = ReplayPlanner(range: range, firstBytes: bytes, maximumBytes: bytes)
        var waiting = all.map(\.chunk).filter { $0.segment.overlaps(range) }.sorted { $0.first < $1.first }[...]
        var windows: [ReplayWindow] = []
        while true {
            while true {
                let horizon = planner.horizon
                let reached = waiting.prefix { $0.first <= horizon ?? planner.rangeEnd }
                let some = horizon == nil ? reached.prefix(1) : reached
                if some.isEmpty { break }
                waiting.removeFirst(some.count)
                planner.add(some)
            }
            guard let window = planner.next() else { return windows }
            windows.append(window)
            if windows.count > 100_000 { return windows }
        }
    }

    @Test("puts every row of the range into exactly one window, in order", arguments: 0..<120 as Range<UInt64>)
    func partition(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let spread = [1, 10, 1000, 1_000_000].randomElement(using: &random) ?? 1
        var all: [Rows] = []
        for rank in 0..<Int.random(in: 0..<40, using: &random) {
            let start = Int64.random(in: -5_000...5_000, using: &random)
            let timestamps = (0..<Int.random(in: 1..<60, using: &random))
                .map { _ in
                    start + Int64.random(in: 0..<Int64(spread), using: &random)
                }
            all.append(Self.rows(rank: rank, timestamps.sorted(), bytesPerRow: Int.random(in: 0...50, using: &random)))
        }
        let bounds = [nil, Int64.random(in: -6000...6000, using: &random)]
        let range = EventRange(
            after: (bounds.randomElement(using: &random) ?? nil).map { Timestamp(microseconds: $0) },
            through: (bounds.randomElement(using: &random) ?? nil).map { Timestamp(microseconds: $0 + 500) }
        )
        let windows = Self.windows(all, range: range, bytes: Int.random(in: 1...5000, using: &random))
        var delivered: [ReplayPosition] = []
        for (number, window) in windows.enumerated() {
            if number > 0 { #expect(window.after == windows[number - 1].through, "seed \(seed)") }
            #expect(window.after < window.through, "seed \(seed)")
            var inside: [ReplayPosition] = []
            for chunk in window.chunks {
                guard let rows = all.first(where: { $0.chunk == chunk }) else { continue }
                for (row, timestamp) in rows.timestamps.enumerated() {
                    let position = ReplayPosition(
                        timestamp: timestamp,
                        batchID: chunk.segment.arrival,
                        rank: chunk.rank,
                        row: row
                    )
                    if position > window.after, position <= window.through { inside.append(position) }
                }
            }
            delivered.append(contentsOf: inside.sorted())
        }
        var expected: [ReplayPosition] = []
        for rows in all {
            for (row, timestamp) in rows.timestamps.enumerated()
            where timestamp > range.after.microseconds && timestamp <= range.through.microseconds {
                expected.append(
                    ReplayPosition(
                        timestamp: timestamp,
                        batchID: rows.chunk.segment.arrival,
                        rank: rows.chunk.rank,
                        row: row
                    )
                )
            }
        }
        #expect(delivered == expected.sorted(), "seed \(seed)")
    }

    @Test("reads chunks that follow one another once")
    func sequential() {
        let all = (0..<500)
            .map { rank in
                Self.rows(rank: rank, (0..<100).map { Int64(rank * 1000 + $0 * 10) }, bytesPerRow: 10)
            }
        let windows = Self.windows(all, range: .all, bytes: 20_000)
        #expect(windows.reduce(0) { $0 + $1.chunks.count } == 500)
        #expect(windows.count <= 30)
    }

    @Test("bounds a window where every chunk overlaps every other")
    func overlapping() {
        let all = (0..<300)
            .map { rank in
                Self.rows(rank: rank, (0..<100).map { Int64($0 * 1000 + rank) }, bytesPerRow: 100)
            }
        let windows = Self.windows(all, range: .all, bytes: 100_000)
        #expect((25...60).contains(windows.count))
    }

    @Test(
        "holds about a window's bytes at once, however much overlaps, where events are spread evenly",
        arguments: 0..<40 as Range<UInt64>
    )
    func windowBytes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let all = (0..<Int.random(in: 1..<60, using: &random))
            .map { rank in
                let start = Int64.random(in: 0..<100_000, using: &random)
                let step = Int64.random(in: 0..<500, using: &random)
                return Self.rows(rank: rank, (0..<100).map { start + $0 * step }, bytesPerRow: 100)
            }
        let target = [20_000, 100_000, 1_000_000].randomElement(using: &random) ?? 0
        for window in Self.windows(all, range: .all, bytes: target) {
            var rows = 0
            for (rank, part) in all.enumerated() {
                for (row, timestamp) in part.timestamps.enumerated() {
                    let position = ReplayPosition(
                        timestamp: timestamp,
                        batchID: part.chunk.segment.arrival,
                        rank: rank,
                        row: row
                    )
                    if position > window.after, position <= window.through { rows += 1 }
                }
            }
            // An estimate may be off by a row of each chunk, and where a window cannot be cut one chunk comes whole.
            #expect(rows * 100 <= target + window.chunks.count * 100 + 10_000, "seed \(seed)")
        }
    }

    @Test("cuts between events of one moment by order of arrival")
    func equalTimestamps() {
        let all = (0..<100).map { rank in Self.rows(rank: rank, Array(repeating: 42, count: 10), bytesPerRow: 100) }
        let windows = Self.windows(all, range: .all, bytes: 10_000)
        #expect(windows.count == 10)
        #expect(windows.allSatisfy { $0.chunks.count <= 10 })
    }

    @Test("goes on where the next moment alone has more than a window", arguments: [1, 100, 700, 2500])
    func crowdedMoments(bytes: Int) {
        let all = (0..<5).map { rank in Self.rows(rank: rank, [0, 0, 1, 1, 1, 2], bytesPerRow: 500) }
        let windows = Self.windows(all, range: .all, bytes: bytes)
        #expect(windows.count <= 20)
        #expect(windows.last?.through == .behind(.max))
        #expect(windows.allSatisfy { $0.after < $0.through })
    }

    @Test("holds the whole range of Int64")
    func extremes() {
        let all = [
            Self.rows(rank: 0, [.min + 1, 0, .max], bytesPerRow: 1000), Self.rows(rank: 1, [.max], bytesPerRow: 1000),
            Self.rows(rank: 2, [.min + 1], bytesPerRow: 1000),
        ]
        let windows = Self.windows(all, range: .all, bytes: 1500)
        #expect(windows.last?.through == .behind(.max))
        #expect(windows.count < 10)
    }
}
