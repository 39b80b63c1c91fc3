#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Paths that hold in whichever directory a program works.
package enum AbsolutePath {
    /// The path of what another names from the working directory.
    ///
    /// Links and `..` stay as they are; so does a path that is absolute already.
    ///
    /// - Parameter path: As a user wrote it; empty, or `.`, for the working directory itself.
    /// - Returns: One that begins with `/`, or with `.` where the working directory is gone.
    /// - Complexity: A system call, for a path that is not absolute.
    package static func of(_ path: String) -> String {
        if path.utf8.first == UInt8(ascii: "/") { return path }
        var rest = path[...]
        while rest.hasPrefix("./") { rest = rest.drop { $0 == "." }.drop { $0 == "/" } }
        let current = workingDirectory
        return rest.isEmpty || rest == "." ? current : "\(current)/\(rest)"
    }

    private static var workingDirectory: String {
        guard let buffer = unsafe getcwd(nil, 0) else { return "." }
        defer { unsafe free(buffer) }
        return unsafe String(cString: buffer)
    }
}
