internal import ObjectStorage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where programs are looked for.
struct ProgramSearch {
    /// Directories with colons between them, as in `PATH`.
    var searchPath: String
    /// This program's path.
    var executable: String?

    /// A program by its path, or by its name in the directories; `nil` when it cannot be run.
    func named(_ name: String) -> String? {
        // It is started in another directory than the one it is named from.
        if name.contains("/") { return ProgramSearch.isExecutable(name) ? AbsolutePath.of(name) : nil }
        for directory in searchPath.split(separator: ":", omittingEmptySubsequences: true) {
            let path = "\(directory)/\(name)"
            if ProgramSearch.isExecutable(path) { return AbsolutePath.of(path) }
        }
        return nil
    }

    /// A program that the project's set-up put into `.tools`, beside this program or in a directory above.
    func tool(_ name: String) -> String? {
        var directory = executable.map { $0[...] } ?? ""
        while let slash = directory.lastIndex(of: "/") {
            directory = directory[..<slash]
            let path = "\(directory)/.tools/\(name)"
            if ProgramSearch.isExecutable(path) { return path }
        }
        return nil
    }

    private static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
