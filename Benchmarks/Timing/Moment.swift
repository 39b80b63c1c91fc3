#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#else
private import Darwin
#endif

/// A moment, from which wall-clock and processor time are counted.
package struct Moment {
    private let clock = ContinuousClock.now
    private let cpu = Moment.cpu

    /// Starts counting.
    package init() {}

    /// Seconds since then.
    package var seconds: Double { (ContinuousClock.now - clock) / .seconds(1) }
    /// Seconds of processor time of the process since then, in the system too.
    package var cpuSeconds: Double { Moment.cpu - cpu }

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

    /// The most memory the process has had resident, in bytes.
    package static var peakMemory: Double {
        var usage = rusage()
        unsafe getrusage(Moment.ownProcess, &usage)
        #if os(macOS)
        return Double(usage.ru_maxrss)
        #else
        return Double(usage.ru_maxrss) * 1024
        #endif
    }
}
