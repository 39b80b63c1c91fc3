internal import BenchmarkTiming

/// A sum of times.
struct Span {
    var seconds = 0.0
    var cpuSeconds = 0.0

    mutating func add(_ start: Moment) {
        seconds += start.seconds
        cpuSeconds += start.cpuSeconds
    }
}

/// Prints a figure.
func say(_ name: String, _ value: Double, _ unit: String) {
    let rounded = (value * 1000).rounded() / 1000
    print("\(name): \(rounded) \(unit)")
}
