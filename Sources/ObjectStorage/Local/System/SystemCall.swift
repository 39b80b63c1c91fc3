#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The system calls of a local store: repeated when a signal interrupts them, and throwing the error number.
package enum SystemCall {
    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemError) -> FileDescriptor {
        FileDescriptor(number: try check { unsafe open_(path, flags | O_CLOEXEC, mode) })
    }

    /// Status of a file that is open.
    static func status(of file: borrowing FileDescriptor) throws(SystemError) -> FileStatus {
        var status = stat()
        let number = file.number
        try check { unsafe fstat(number, &status) }
        return FileStatus(status)
    }

    /// Status of what a path names; of a symbolic link itself.
    static func status(ofPath path: String) throws(SystemError) -> FileStatus {
        var status = stat()
        try check { unsafe lstat(path, &status) }
        return FileStatus(status)
    }

    /// Status of an entry of an open directory; of a symbolic link itself.
    static func status(ofEntry name: UnsafePointer<CChar>, in directory: Int32) throws(SystemError) -> FileStatus {
        var status = stat()
        try check { unsafe fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) }
        return FileStatus(status)
    }

    /// Writes all of the bytes at the file's position.
    static func write(_ bytes: borrowing RawSpan, to file: borrowing FileDescriptor) throws(SystemError) {
        try write(bytes, to: file.number)
    }

    /// Writes all of the bytes to an open file, a pipe or a device, at its position.
    package static func write(_ bytes: borrowing RawSpan, to number: Int32) throws(SystemError) {
        // macOS refuses more than 2 GiB at once, Linux cuts it short.
        let most = 1 << 30
        var start = 0
        while start < bytes.byteCount {
            let piece = bytes.extracting(start..<min(bytes.byteCount, start + most))
            let count = try unsafe piece.withUnsafeBytes { (buffer) throws(SystemError) -> Int in
                let address = buffer.baseAddress
                let length = buffer.count
                return try check { unsafe write_(number, address, length) }
            }
            start += count
        }
    }

    /// Reads into the buffer from an offset until it is full or the file ends, and returns the count.
    static func read(
        _ file: borrowing FileDescriptor,
        at offset: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        let number = file.number
        let most = 1 << 30
        var done = 0
        while done < buffer.count {
            let length = min(most, buffer.count - done)
            let address = unsafe buffer.baseAddress.map { unsafe $0 + done }
            let position = off_t(offset) + off_t(done)
            let count = try check { unsafe pread(number, address, length, position) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Sets the time of modification to now, in the clock's nanoseconds.
    static func stampTime(of file: borrowing FileDescriptor) throws(SystemError) {
        var times = (timespec(), timespec())
        unsafe clock_gettime(CLOCK_REALTIME, &times.1)
        times.0 = times.1
        let number = file.number
        try check {
            unsafe withUnsafePointer(to: &times) { pointer in
                unsafe pointer.withMemoryRebound(to: timespec.self, capacity: 2) { unsafe futimens(number, $0) }
            }
        }
    }

    /// Brings a file's bytes to stable storage, with what of its metadata is needed to read them.
    static func synchronizeData(of file: borrowing FileDescriptor) throws(SystemError) {
        let number = file.number
        #if canImport(Darwin)
        try fullSynchronize(number)
        #else
        try checkOnce { fdatasync(number) }
        #endif
    }

    /// Brings a directory's entries to stable storage.
    static func synchronize(directory path: String) throws(SystemError) {
        let directory = try open(path, O_RDONLY | O_DIRECTORY)
        let number = directory.number
        #if canImport(Darwin)
        try fullSynchronize(number)
        #else
        try checkOnce { fsync(number) }
        #endif
    }

    #if canImport(Darwin)
    /// `fsync(2)` of macOS leaves the bytes in the drive's cache; `F_FULLFSYNC` does not, where it is supported.
    private static func fullSynchronize(_ number: Int32) throws(SystemError) {
        do {
            try checkOnce { fcntl(number, F_FULLFSYNC) }
        } catch {
            guard error.number == ENOTSUP || error.number == ENOTTY || error.number == EINVAL else { throw error }
            try checkOnce { fsync(number) }
        }
    }
    #endif

    static func link(_ source: String, to destination: String) throws(SystemError) {
        try check { unsafe link_(source, destination) }
    }

    #if os(Linux)
    /// Gives a name to a file that was opened without one.
    static func link(_ file: borrowing FileDescriptor, to destination: String) throws(SystemError) {
        let source = "/proc/self/fd/\(file.number)"
        try check { unsafe linkat(AT_FDCWD, source, AT_FDCWD, destination, AT_SYMLINK_FOLLOW) }
    }
    #endif

    static func rename(_ source: String, to destination: String) throws(SystemError) {
        try check { unsafe rename_(source, destination) }
    }

    static func unlink(_ path: String) throws(SystemError) {
        try check { unsafe unlink_(path) }
    }

    static func makeDirectory(_ path: String) throws(SystemError) {
        try check { unsafe mkdir(path, 0o777) }
    }

    static func removeDirectory(_ path: String) throws(SystemError) {
        try check { unsafe rmdir(path) }
    }

    /// Waits for the lock on an open file that excludes all others; closing the file gives it back.
    static func lock(_ file: borrowing FileDescriptor) throws(SystemError) {
        let number = file.number
        try check { flock(number, LOCK_EX) }
    }

    /// Takes the lock on an open file if nobody has it.
    static func lockIfFree(_ file: borrowing FileDescriptor) throws(SystemError) -> Bool {
        let number = file.number
        do {
            try check { flock(number, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            guard error.number == EWOULDBLOCK else { throw error }
            return false
        }
    }

    /// Runs a call that must not be repeated when it fails.
    ///
    /// A second `fsync(2)` after one that failed can succeed although the bytes are lost: the kernel reports an error
    /// of writing back once and then takes the pages for clean.
    private static func checkOnce(_ call: () -> Int32) throws(SystemError) {
        if call() < 0 { throw SystemError(number: errno) }
    }

    /// Runs a call until no signal interrupts it.
    @discardableResult
    package static func check<Result: SignedInteger>(_ call: () -> Result) throws(SystemError) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            let number = errno
            if number != EINTR { throw SystemError(number: number) }
        }
    }
}

// Inside `SystemCall` the bare names mean its own methods.
private func open_(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t) -> Int32 {
    unsafe open(path, flags, mode)
}
private func write_(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { unsafe write(file, bytes, count) }
private func link_(_ source: UnsafePointer<CChar>, _ destination: UnsafePointer<CChar>) -> Int32 {
    unsafe link(source, destination)
}
private func rename_(_ source: UnsafePointer<CChar>, _ destination: UnsafePointer<CChar>) -> Int32 {
    unsafe rename(source, destination)
}
private func unlink_(_ path: UnsafePointer<CChar>) -> Int32 { unsafe unlink(path) }
