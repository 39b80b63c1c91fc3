#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// An open file descriptor of an input, closed when it goes unless it is standard input.
struct InputFile: ~Copyable {
    /// What messages call it.
    let name: String
    /// Bytes from where reading began to the end of a regular file; `nil` for a pipe or terminal.
    let byteCount: Int?
    /// Bytes read so far.
    private(set) var bytesRead = 0
    private let descriptor: Int32

    /// Opens the file at `path`, or takes standard input for `-`.
    init(path: String) throws(InputError) {
        let isStandardInput = path == "-"
        let descriptor = isStandardInput ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw InputFile.cannotOpen(path, errno) }
        let name = isStandardInput ? "standard input" : path
        var status = stat()
        let kind = unsafe fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        if kind == S_IFDIR {
            if !isStandardInput { close(descriptor) }
            throw InputError(.unreadable, "\(name) is a directory; give a file of one JSON value per line.")
        }
        self.name = name
        self.descriptor = descriptor
        let start = lseek(descriptor, 0, SEEK_CUR)
        byteCount = kind == S_IFREG ? max(0, Int(status.st_size) - max(0, Int(start))) : nil
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    /// Reads at most as many bytes as `buffer` has room for; 0 only at the end.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(InputError) -> Int {
        guard unsafe !buffer.isEmpty else { return 0 }
        while true {
            #if canImport(Glibc)
            let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
            let count = unsafe Musl.read(descriptor, buffer.baseAddress, buffer.count)
            #else
            let count = unsafe Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 {
                bytesRead += count
                return count
            }
            if errno == EINTR { continue }
            throw InputError(.failed, "Cannot read \(name) at byte \(bytesRead): \(systemMessage(errno)).")
        }
    }

    private static func cannotOpen(_ path: String, _ code: Int32) -> InputError {
        switch code {
        case ENOENT, ENOTDIR: InputError(.unreadable, "There is no file \(path); check the path.")
        case EACCES, EPERM: InputError(.unreadable, "No permission to read \(path); change its mode or owner.")
        default: InputError(.unreadable, "Cannot open \(path): \(systemMessage(code)).")
        }
    }
}

/// What the system says about an error number.
private func systemMessage(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}
