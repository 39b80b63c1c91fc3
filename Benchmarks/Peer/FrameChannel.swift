#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#else
private import Darwin
#endif

/// Requests from standard input and replies to standard output, as little-endian frames.
///
/// Request: operation (1 byte), length of the body (8 bytes), body. Reply: status (1 byte), length (8 bytes), body.
struct FrameChannel {
    enum Operation: UInt8 {
        case append = 0x41  // A
        case put = 0x50  // P
        case replay = 0x52  // R
        case lookUp = 0x47  // G
        case quit = 0x51  // Q
    }

    enum Status: UInt8 {
        case done, failed, absent
    }

    private static let headBytes = 9
    private static let mostBytes: UInt64 = 4 << 30

    /// The next request, or `nil` at the end of the input.
    func next() throws -> Request? {
        guard let head = try take(Self.headBytes, orEnd: true) else { return nil }
        let length = head.little(UInt64.self, at: 1)
        guard let operation = Operation(rawValue: head[0]), length <= Self.mostBytes else {
            throw PeerError("not a request: operation \(head[0]), \(length) bytes")
        }
        return Request(operation: operation, body: try take(Int(length), orEnd: false) ?? [])
    }

    func reply(_ status: Status, _ body: [UInt8] = []) throws {
        var frame: [UInt8] = [status.rawValue]
        frame.reserveCapacity(Self.headBytes + body.count)
        frame.appendLittle(UInt64(body.count))
        frame += body
        var written = 0
        while written < frame.count {
            let count = unsafe frame.withUnsafeBytes { bytes in
                unsafe write(STDOUT_FILENO, bytes.baseAddress.map { unsafe $0 + written }, bytes.count - written)
            }
            if count < 0, errno != EINTR { throw PeerError("cannot write the reply: errno \(errno)") }
            written += max(count, 0)
        }
    }

    private func systemRead(_ target: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
        unsafe read(STDIN_FILENO, target, count)
    }

    private func take(_ count: Int, orEnd mayEnd: Bool) throws -> [UInt8]? {
        var failure: PeerError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let target = unsafe buffer.baseAddress.map { unsafe $0 + initialized }
                let got = unsafe systemRead(target, count - initialized)
                if got == 0 { return }
                if got < 0, errno != EINTR {
                    failure = PeerError("cannot read the request: errno \(errno)")
                    return
                }
                initialized += max(got, 0)
            }
        }
        if let failure { throw failure }
        if bytes.isEmpty, count > 0, mayEnd { return nil }
        guard bytes.count == count else { throw PeerError("the input ended inside a request") }
        return bytes
    }
}
