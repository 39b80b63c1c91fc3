import CZlib
import CZstd

enum Compressors {
    /// One gzip member.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = unsafe z_stream()
        precondition(
            unsafe deflateInit2_(
                &stream,
                6,
                Z_DEFLATED,
                15 + 16,
                8,
                Z_DEFAULT_STRATEGY,
                ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)
            ) == Z_OK
        )
        defer { unsafe deflateEnd(&stream) }
        var input = bytes
        let bound = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
        return unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(bound)
                precondition(unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END)
                count = unsafe bound - Int(stream.avail_out)
            }
        }
    }

    /// One Zstandard frame.
    static func zstandard(_ bytes: [UInt8], windowLog: Int32? = nil) -> [UInt8] {
        guard let context = unsafe ZSTD_createCCtx() else { preconditionFailure("no memory") }
        defer { _ = unsafe ZSTD_freeCCtx(context) }
        if let windowLog { _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog) }
        let bound = ZSTD_compressBound(bytes.count)
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            count = unsafe ZSTD_compress2(context, output.baseAddress, bound, bytes, bytes.count)
            precondition(ZSTD_isError(count) == 0)
        }
    }

    /// A skippable Zstandard frame.
    static func skippable(_ bytes: [UInt8]) -> [UInt8] {
        let length = UInt32(bytes.count)
        return [0x53, 0x2A, 0x4D, 0x18] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + bytes
    }
}
