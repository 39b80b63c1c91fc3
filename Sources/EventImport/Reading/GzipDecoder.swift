internal import CZlib

/// Decompresses gzip (RFC 1952): one member or several in a row, and zero bytes after the last (tape padding).
@safe
final class GzipDecoder {
    // zlib keeps a pointer back to the stream, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether the data may end here.
    private(set) var isComplete = false

    init() throws(DecompressionFault) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15: the largest window; 16: with a gzip header.
        let result = unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else { throw DecompressionFault(reason: "zlib cannot start (\(result))") }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    /// Takes bytes from `input` and writes to `output` until one of them is used up.
    func decode(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionFault) -> DecompressionStep {
        let room = min(output.count, Int(UInt32.max))
        let available = min(input.count, Int(UInt32.max))
        var consumed = 0
        var produced = 0
        while consumed < available, produced < room {
            if isComplete {
                let next = unsafe input[consumed]
                if next == 0 {
                    consumed += 1
                    continue
                }
                guard next == 0x1F else { throw DecompressionFault(reason: "something else follows the gzip data") }
                unsafe inflateReset(stream)
                isComplete = false
            }
            let bytes = unsafe input.baseAddress?.advanced(by: consumed).assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes)
            unsafe stream.pointee.avail_in = UInt32(available - consumed)
            let space = unsafe output.baseAddress?.advanced(by: produced).assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.next_out = space
            unsafe stream.pointee.avail_out = UInt32(room - produced)
            let result = unsafe inflate(stream, Z_NO_FLUSH)
            consumed = unsafe available - Int(stream.pointee.avail_in)
            produced = unsafe room - Int(stream.pointee.avail_out)
            switch result {
            case Z_OK: break
            case Z_STREAM_END: isComplete = true
            case Z_BUF_ERROR: return DecompressionStep(consumed: consumed, produced: produced)
            default:
                let message = unsafe stream.pointee.msg
                let reason = unsafe message.map { unsafe String(cString: $0) } ?? "zlib error \(result)"
                throw DecompressionFault(reason: reason)
            }
        }
        return DecompressionStep(consumed: consumed, produced: produced)
    }
}
