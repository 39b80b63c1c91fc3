#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// An open file, closed when its owner lets go of it.
struct FileDescriptor: ~Copyable, Sendable {
    /// The number the kernel knows it by.
    let number: Int32

    deinit {
        // Nothing was written that was not synchronised before, so an error here loses nothing.
        _ = close(number)
    }
}
