internal import CZstd

/// Decompresses Zstandard (RFC 8878): frames in a row, skippable ones too.
///
/// Memory is that of the window the file asks for: 8 MiB at most for the ordinary levels, 128 MiB for `zstd --long`, as
/// the zstd program accepts by default. What asks for more is refused, with how to mend it.
@safe
final class ZstandardDecoder {
    private let stream: OpaquePointer
    /// 128 MiB.
    private static let windowLog: Int32 = 27
    /// Whether the data may end here.
    private(set) var isComplete = false

    init() throws(DecompressionFault) {
        guard let stream = unsafe ZSTD_createDStream() else {
            throw DecompressionFault(reason: "zstd cannot start for lack of memory")
        }
        unsafe self.stream = stream
        let result = unsafe ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, ZstandardDecoder.windowLog)
        if ZSTD_isError(result) != 0 { throw ZstandardDecoder.fault(result) }
    }

    deinit { _ = unsafe ZSTD_freeDStream(stream) }

    /// Takes bytes from `input` and writes to `output` until one of them is used up.
    ///
    /// With an empty `input` it writes what zstd still holds back.
    func decode(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionFault) -> DecompressionStep {
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        repeat {
            let taken = unsafe source.pos
            let written = unsafe target.pos
            let result = unsafe ZSTD_decompressStream(stream, &target, &source)
            if ZSTD_isError(result) != 0 { throw ZstandardDecoder.fault(result) }
            // Without progress the result only says how much the next frame's header would need.
            guard unsafe source.pos > taken || target.pos > written else { break }
            isComplete = result == 0
        } while unsafe source.pos < source.size && target.pos < target.size
        return unsafe DecompressionStep(consumed: source.pos, produced: target.pos)
    }

    private static func fault(_ result: Int) -> DecompressionFault {
        if ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge {
            return DecompressionFault(
                reason: "it needs a window of more than 128 MiB; compress it again with `zstd --long=27` or less"
            )
        }
        guard let name = unsafe ZSTD_getErrorName(result) else { return DecompressionFault(reason: "zstd error") }
        return unsafe DecompressionFault(reason: String(cString: name).lowercased())
    }
}
