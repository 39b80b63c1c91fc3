#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#else
private import Darwin
#endif

/// Wall-clock and CPU time.
struct Moment {
    private let clock = ContinuousClock.now
    private let cpu = Moment.cpu

    var seconds: Double { (ContinuousClock.now - clock) / .seconds(1) }
    var cpuSeconds: Double { Moment.cpu - cpu }

    #if canImport(Glibc)
    private static let ownProcess = __rusage_who_t(RUSAGE_SELF.rawValue)
    #else
    private static let ownProcess = RUSAGE_SELF
    #endif

    private static var cpu: Double {
        var usage = rusage()
        unsafe getrusage(Moment.ownProcess, &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    /// In bytes.
    static var peakMemory: Double {
        var usage = rusage()
        unsafe getrusage(Moment.ownProcess, &usage)
        #if os(macOS)
        return Double(usage.ru_maxrss)
        #else
        return Double(usage.ru_maxrss) * 1024
        #endif
    }
}

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
