import Benchmark
import BenchmarkEvents
import EventJournal

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal, .peakMemoryResident, .megabytesPerSecond],
        warmupIterations: 2,
        maxDuration: .seconds(3),
        maxIterations: 100_000
    )
    timestamps()
    appends()
    replays()
    imports()
}

/// For what is about how long one call takes; processor time comes in steps of 10 ms and says nothing there.
var latency: Benchmark.Configuration {
    .init(
        metrics: [.wallClock, .throughput],
        warmupIterations: 10,
        maxDuration: .seconds(3),
        maxIterations: 100_000
    )
}

private func timestamps() {
    let configuration = Benchmark.Configuration(
        metrics: [.wallClock, .throughput],
        warmupIterations: 3,
        scalingFactor: .mega,
        maxDuration: .seconds(2)
    )
    Benchmark("Timestamp: parse RFC 3339", configuration: configuration) { benchmark in
        let texts = (0..<1024).map { Array(time($0).rfc3339.utf8) }
        benchmark.startMeasurement()
        for number in benchmark.scaledIterations {
            texts[number & 1023].withUnsafeBytes { blackHole(Timestamp.parse($0)) }
        }
    }
    Benchmark("Timestamp: format RFC 3339", configuration: configuration) { benchmark in
        let times = (0..<1024).map(time)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        benchmark.startMeasurement()
        for number in benchmark.scaledIterations {
            text.removeAll(keepingCapacity: true)
            times[number & 1023].append(to: &text)
            blackHole(text.count)
        }
    }
}

private func time(_ number: Int) -> Timestamp {
    Timestamp(microseconds: SampleEvents.start + Int64(number) * 7_919_000_123)
}
