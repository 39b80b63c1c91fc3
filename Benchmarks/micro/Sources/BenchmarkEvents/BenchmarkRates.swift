public import Benchmark

extension BenchmarkMetric {
    /// Millions of bytes a second.
    public static var megabytesPerSecond: BenchmarkMetric {
        .custom("MB/s", polarity: .prefersLarger, useScalingFactor: false)
    }

    /// Time that zstd alone takes for the payloads, in percent of that of the whole.
    public static var percentOfZstandard: BenchmarkMetric {
        .custom("% of the speed of zstd alone", polarity: .prefersLarger, useScalingFactor: false)
    }
}

extension Benchmark {
    /// Measures a body and how many bytes it got through in a second.
    public func measure(bytes: Int, _ body: () async throws -> Void) async rethrows {
        let clock = ContinuousClock()
        startMeasurement()
        let start = clock.now
        try await body()
        let time = clock.now - start
        stopMeasurement()
        report(bytes: bytes, in: time)
    }

    /// The same of a body that does not wait.
    public func measure(bytes: Int, _ body: () throws -> Void) rethrows {
        let clock = ContinuousClock()
        startMeasurement()
        let start = clock.now
        try body()
        let time = clock.now - start
        stopMeasurement()
        report(bytes: bytes, in: time)
    }

    private func report(bytes: Int, in time: Duration) {
        measurement(.megabytesPerSecond, Int(Double(bytes) / 1e6 / (time / .seconds(1))))
    }
}
