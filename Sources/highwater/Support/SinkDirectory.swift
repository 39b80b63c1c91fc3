internal import ObjectStorage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A directory that a job is to send to: a journal, or the place of a new one.
enum SinkDirectory {
    /// Refuses, before there is a job, a directory that cannot become a journal, or that is somebody else's.
    ///
    /// Who names a directory with other things in it most often means a file there; a journal among them would be
    /// hard to find, and to get rid of.
    ///
    /// - Parameter path: An absolute path.
    /// - Throws: ``CommandError``.
    static func check(_ path: String) throws {
        let path = trimmed(path)
        var place = path
        var information = stat()
        // What is missing is made with the first record.
        while unsafe stat(place, &information) != 0 {
            guard [ENOENT, ENOTDIR].contains(errno), place != "/" else {
                throw unusable(path, SystemError(number: errno))
            }
            place = trimmed(String(place[...(place.lastIndex(of: "/") ?? place.startIndex)]))
        }
        guard information.st_mode & S_IFMT == S_IFDIR else {
            throw CommandError(
                status: Failure.storage,
                message: "There can be no journal at \(path): \(place) is no directory. Name another sink."
            )
        }
        if place == path, let other = try otherThings(in: path) {
            throw CommandError(
                status: Failure.exists,
                message:
                    "\(path) is a directory with other things in it, such as \(other), and no journal. Name a file in it, "
                    + "or for a new journal a directory of its own."
            )
        }
        guard unsafe access(place, W_OK | X_OK) == 0 else { throw unusable(place, SystemError(number: errno)) }
    }

    /// The first of the names in a directory that is no journal and not empty.
    ///
    /// Hidden files and what file systems put at their root are nobody's data.
    private static func otherThings(in path: String) throws -> String? {
        let names: [String]
        do {
            names = try DirectoryEntries.names(of: path)
        } catch {
            throw unusable(path, error)
        }
        if names.contains("_inbox") || names.contains("_delta_log") { return nil }
        return names.filter { !$0.hasPrefix(".") && $0 != "lost+found" }.min()
    }

    private static func unusable(_ path: String, _ error: SystemError) -> CommandError {
        CommandError(
            status: Failure.storage,
            message: "The directory \(path) cannot be written to: \(error.reason). Name another sink."
        )
    }

    private static func trimmed(_ path: String) -> String {
        let trimmed = String(path.reversed().drop { $0 == "/" }.reversed())
        return trimmed.isEmpty ? "/" : trimmed
    }
}
