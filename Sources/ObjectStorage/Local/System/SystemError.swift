#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The error number of a system call that failed.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `errno` as the call left it.
    package var number: Int32

    /// Makes an error of a number.
    package init(number: Int32) { self.number = number }

    /// What the system says of the number, without a full stop.
    package var reason: String { unsafe strerror(number).map { unsafe String(cString: $0) } ?? description }

    /// The number.
    package var description: String { "errno \(number)" }
}
