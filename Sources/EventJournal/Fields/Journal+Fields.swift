internal import Parquet

extension Journal {
    /// Which paths the payloads of a range have, of what types, how often and with which values, learned from a sample.
    ///
    /// The sample is spread evenly over the events in order of time: a few row groups are picked, and from each a few
    /// events. Segments that cannot be read are counted and left out.
    ///
    /// Cost: what a replay needs to begin, and the row groups picked. Memory: a few row groups at a time, and that of
    /// ``FieldSurvey``.
    ///
    /// - Parameters:
    ///   - after: Exclusive; `nil` begins with the first event.
    ///   - through: Inclusive; `nil` ends with the last event.
    ///   - sampling: How many, and which.
    /// - Returns: What was found.
    /// - Throws: ``JournalError``, by what is wrong with the store.
    public func fields(
        after: Timestamp? = nil,
        through: Timestamp? = nil,
        sampling: FieldSampling = FieldSampling()
    ) async throws -> FieldReport {
        let range = EventRange(after: after, through: through)
        let snapshot = try await inbox.snapshot(damage: .skip, range: range)
        let sampler = FieldSampler(snapshot: snapshot, range: range, sampling: sampling, reader: reader)
        return try await sampler.report()
    }
}

/// Picks events of a snapshot, and looks into their payloads.
struct FieldSampler {
    let snapshot: Snapshot
    let range: EventRange
    let sampling: FieldSampling
    let reader: SegmentReader

    func report() async throws -> FieldReport {
        var generator = SamplingGenerator(seed: sampling.seed)
        var damaged = Set(snapshot.damaged.map(\.object))
        let picked = try await chunks(&generator, &damaged)
        let survey = try FieldSurvey()
        let population = snapshot.segments.filter { $0.overlaps(range) }.reduce(0) { $0 + $1.events }
        let rows = picked.reduce(0) { $0 + $1.rows }
        var left = sampling.events
        var rowsLeft = rows
        for start in stride(from: 0, to: picked.count, by: reader.parallelism) {
            let some = picked[start..<min(start + reader.parallelism, picked.count)]
            // Each gives its part of what is still to be found, so that what one lacks the later ones make up for.
            var jobs: [(chunk: Chunk, count: Int, seed: UInt64)] = []
            for chunk in some {
                let count = Int((Double(left) * Double(chunk.rows) / Double(max(rowsLeft, 1))).rounded(.up))
                jobs.append((chunk, min(count, left), generator.next()))
                left -= min(count, left)
                rowsLeft -= chunk.rows
            }
            let results = try await mapConcurrently(jobs, limit: reader.parallelism) { [self] job in
                do {
                    return Result<[EventBatch], JournalError>.success(try await events(job.chunk, job.count, job.seed))
                } catch let error as JournalError where error.code == .damagedSegment {
                    return .failure(error)
                }
            }
            for (job, result) in zip(jobs, results) {
                switch result {
                case .success(let batches):
                    left += job.count - batches.reduce(0) { $0 + $1.count }
                    for batch in batches { unsafe batch.payloads.visit { _, payload in unsafe survey.add(payload) } }
                case .failure:
                    damaged.insert(job.chunk.segment.key)
                    left += job.count
                }
            }
        }
        var report = survey.report
        report.population = population
        report.rowGroups = picked.count
        report.damagedSegments = damaged.count
        return report
    }

    /// A segment, and where it is known which of its row groups are in the range, those.
    private struct Candidate {
        var segment: Segment
        var rank: Int
        var chunks: [Chunk]?

        var rows: Int { chunks.map { $0.reduce(0) { $0 + $1.rows } } ?? segment.events }
    }

    /// Row groups that are spread over the events of the range, by time.
    private func chunks(_ generator: inout SamplingGenerator, _ damaged: inout Set<String>) async throws -> [Chunk] {
        var candidates: [Candidate] = []
        for (rank, segment) in snapshot.segments.enumerated() where segment.overlaps(range) {
            var candidate = Candidate(segment: segment, rank: rank)
            // One that reaches out of the range has most of its rows elsewhere, perhaps.
            if segment.first <= range.after || segment.last > range.through {
                candidate.chunks = try await chunks(of: segment, rank: rank, &damaged)
            }
            candidates.append(candidate)
        }
        candidates.sort { ($0.segment.first, $0.rank) < ($1.segment.first, $1.rank) }
        let rows = candidates.reduce(0) { $0 + $1.rows }
        let bytes = candidates.reduce(0) { $0 + $1.segment.payloadBytes }
        // A row group is about as large as a segment, or as a writer makes them.
        let size = min(max(bytes / max(candidates.count, 1), 1), SegmentWriter.rowGroupPayloadBytes)
        let affordable = max(sampling.payloadBytes / size, FieldSampling.minimumRowGroups)
        var places = generator.spread(min(sampling.rowGroups, affordable), over: rows)[...]
        var picked: [Chunk] = []
        var base = 0
        for candidate in candidates {
            let mine = places.prefix { $0 < base + candidate.rows }.map { $0 - base }
            base += candidate.rows
            places = places.dropFirst(mine.count)
            guard !mine.isEmpty else { continue }
            var all = candidate.chunks ?? []
            if candidate.chunks == nil {
                all = try await chunks(of: candidate.segment, rank: candidate.rank, &damaged)
            }
            var first = 0
            for chunk in all {
                if mine.contains(where: { ($0 >= first) && ($0 < first + chunk.rows) }) { picked.append(chunk) }
                first += chunk.rows
            }
        }
        return picked
    }

    /// The row groups of a segment that may have events of the range.
    private func chunks(of segment: Segment, rank: Int, _ damaged: inout Set<String>) async throws -> [Chunk] {
        do {
            return try await reader.chunks(of: segment, rank: rank)
                .filter { $0.last > range.after.microseconds && $0.first <= range.through.microseconds }
        } catch let error as JournalError where error.code == .damagedSegment {
            damaged.insert(segment.key)
            return []
        }
    }

    /// Some events of a row group, spread over it, their bytes copied so that the others are let go of.
    private func events(_ chunk: Chunk, _ count: Int, _ seed: UInt64) async throws -> [EventBatch] {
        let window = ReplayWindow(
            after: .behind(range.after.microseconds),
            through: .behind(range.through.microseconds),
            chunks: [chunk]
        )
        let part = try await reader.part(chunk, of: window, filter: snapshot.filter(chunk), withBatchIDs: false)
        var generator = SamplingGenerator(seed: seed)
        var rows = generator.spread(count, over: part.batches.reduce(0) { $0 + $1.count })[...]
        var base = 0
        return part.batches.compactMap { batch in
            let mine = rows.prefix { $0 < base + batch.count }.map { $0 - base }
            base += batch.count
            rows = rows.dropFirst(mine.count)
            return mine.isEmpty ? nil : batch.selecting(mine).compacted()
        }
    }
}
