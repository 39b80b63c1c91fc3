/// The error number of a system call that failed.
struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `errno` as the call left it.
    var number: Int32

    var description: String { "errno \(number)" }
}
