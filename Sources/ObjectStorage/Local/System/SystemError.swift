/// The error number of a system call that failed.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `errno` as the call left it.
    package var number: Int32

    /// Makes an error of a number.
    package init(number: Int32) { self.number = number }

    /// The number.
    package var description: String { "errno \(number)" }
}
