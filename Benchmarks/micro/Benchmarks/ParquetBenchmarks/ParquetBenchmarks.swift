import Benchmark
import BenchmarkEvents
import Parquet

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal, .peakMemoryResident, .megabytesPerSecond],
        warmupIterations: 3,
        maxDuration: .seconds(3),
        maxIterations: 100_000
    )
    encoding()
    decoding()
}

private func encoding() {
    Benchmark("Parquet: encode a file of 1 row", configuration: short) { benchmark, sample in
        benchmark.startMeasurement()
        blackHole(try sample.encode())
    } setup: {
        try SampleFile(rows: 1)
    }
    for (rows, name) in [(1000, "1,000 rows"), (65_536, "65,536 rows")] {
        Benchmark("Parquet: encode a file of \(name)") { benchmark, sample in
            try benchmark.measure(bytes: sample.payloadBytes) { blackHole(try sample.encode()) }
        } setup: {
            try SampleFile(rows: rows)
        }
    }
}

/// For what takes microseconds, where processor time (in steps of 10 ms) and bytes a second say nothing.
private var short: Benchmark.Configuration {
    .init(
        metrics: [.wallClock, .throughput],
        warmupIterations: 100,
        maxDuration: .seconds(2),
        maxIterations: 100_000
    )
}

private func decoding() {
    var configuration = Benchmark.defaultConfiguration
    configuration.metrics.append(.percentOfZstandard)
    for (rows, name) in [(1000, "1,000 rows"), (65_536, "65,536 rows")] {
        Benchmark("Parquet: decode a file of \(name)", configuration: configuration) { benchmark, sample in
            let clock = ContinuousClock()
            var start = clock.now
            sample.compressed.decompress()
            let zstandard = clock.now - start
            try benchmark.measure(bytes: sample.payloadBytes) {
                start = clock.now
                let payloads = try sample.decode()
                if payloads != sample.payloadBytes { benchmark.error("decoded \(payloads) bytes of payload") }
            }
            benchmark.measurement(.percentOfZstandard, Int(zstandard / (clock.now - start) * 100))
        } setup: {
            try SampleFile(rows: rows)
        }
    }
    Benchmark("Parquet: decode the ids of 65,536 rows", configuration: short) { benchmark, sample in
        benchmark.startMeasurement()
        blackHole(try sample.decode(columns: [0]))
    } setup: {
        try SampleFile(rows: 65_536)
    }
    Benchmark("Parquet: open a file of 1,000 rows by its footer", configuration: short) { benchmark, sample in
        let bytes = sample.bytes
        benchmark.startMeasurement()
        blackHole(try ParquetFile(bytes: bytes))
    } setup: {
        try SampleFile(rows: 1000)
    }
}
