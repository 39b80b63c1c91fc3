import Benchmark
import BenchmarkEvents
import EventJournal

/// Appends to a directory; each is on stable storage when it returns, so the disk is measured as well.
func appends() {
    Benchmark("Append 1,000 events, to a directory") { benchmark, journal in
        let batch = journal.nextBatch(1000)
        try await benchmark.measure(bytes: batch.payloads.payloadBytes) {
            let receipt = try await journal.journal.append(batch)
            if receipt.appended != 1000 { benchmark.error("appended \(receipt.appended) events of 1,000") }
        }
    } setup: {
        try TemporaryJournal()
    } teardown: {
        TemporaryJournal.removeAll()
    }

    Benchmark("Put one event, to a directory", configuration: latency) { benchmark, journal in
        let event = journal.nextBatch(1)[0]
        benchmark.startMeasurement()
        blackHole(try await journal.journal.put(event.data, at: event.timestamp, key: event.key))
    } setup: {
        try TemporaryJournal()
    } teardown: {
        TemporaryJournal.removeAll()
    }

    Benchmark("Append one event from each of 64 tasks, to a directory") { benchmark, journal in
        let batches = (0..<64).map { _ in journal.nextBatch(1) }
        try await benchmark.measure(bytes: batches.reduce(0) { $0 + $1.payloads.payloadBytes }) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for batch in batches {
                    group.addTask { [journal = journal.journal] in try await journal.append(batch) }
                }
                try await group.waitForAll()
            }
        }
    } setup: {
        try TemporaryJournal()
    } teardown: {
        TemporaryJournal.removeAll()
    }
}
