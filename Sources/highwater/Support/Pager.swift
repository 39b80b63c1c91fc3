#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Shows a long answer on a terminal page by page, by the program that `PAGER` names.
enum Pager {
    /// The program; `nil` when standard output is no terminal, or `PAGER` is not set or empty.
    static var command: String? {
        guard isatty(STDOUT_FILENO) == 1, let value = unsafe getenv("PAGER") else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// Shows what is in a file: as it is when it fits on the screen, else by the pager.
    ///
    /// The pager takes the place of this program, so this returns only in the first case.
    ///
    /// - Throws: ``CommandError`` when the answer cannot be read or shown.
    static func show(_ file: Int32, by command: String) throws {
        guard lseek(file, 0, SEEK_SET) == 0 else { throw failure("read") }
        if try !fits(file) {
            guard lseek(file, 0, SEEK_SET) == 0, dup2(file, STDIN_FILENO) >= 0 else { throw failure("read") }
            // What we made of signals would stay with the pager.
            for number in [SIGINT, SIGTERM, SIGPIPE] { signal(number, SIG_DFL) }
            var none = sigset_t()
            unsafe sigemptyset(&none)
            unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
            let texts: [String] = ["sh", "-c", command]
            var arguments: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { text in unsafe strdup(text) }
            unsafe arguments.append(nil)
            unsafe execv("/bin/sh", &arguments)
            throw failure("shown by \(command)")
        }
        guard lseek(file, 0, SEEK_SET) == 0 else { throw failure("read") }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read") }
            if count == 0 { return }
            try Output.writeAll(Array(chunk[..<count]), to: STDOUT_FILENO)
        }
    }

    /// Whether the lines fit on the screen; a character is taken for a column.
    private static func fits(_ file: Int32) throws -> Bool {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 1, size.ws_col > 0 else {
            return true
        }
        var (lines, columns) = (0, 0)
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read") }
            if count == 0 { return true }
            for byte in chunk[..<count] {
                if byte == UInt8(ascii: "\n") {
                    (lines, columns) = (lines + 1, 0)
                } else if byte & 0xC0 != 0x80 {
                    columns += 1
                }
                if lines >= Int(size.ws_row) - 1 || columns > Int(size.ws_col) { return false }
            }
        }
    }

    private static func failure(_ what: String) -> CommandError {
        let reason = unsafe String(cString: strerror(errno))
        return CommandError(status: Failure.storage, message: "The answer cannot be \(what): \(reason).")
    }
}
