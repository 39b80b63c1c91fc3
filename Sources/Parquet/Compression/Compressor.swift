internal import CDeflate
internal import CSnappy
internal import CZstd

/// Compresses pages with one codec.
///
/// Takes its zstd state from a pool shared by the process and gives it back at its end, so making one is cheap.
@safe struct Compressor: ~Copyable {
    private let codec: CompressionCodec
    private let level: Int32
    private var zstd: ZstdCompressionContext?
    private var deflate: OpaquePointer?

    /// Prepares for `compression`; costs nothing until the first page.
    init(_ compression: Compression) {
        codec = compression.codec
        level = compression.level
    }

    deinit {
        if let zstd { ZstdCompressionContext.pool.give(back: zstd) }
        if let deflate = unsafe deflate { unsafe libdeflate_free_compressor(deflate) }
    }

    /// The codec as the chunk's metadata names it.
    var name: CompressionCodec { codec }

    /// Upper bound of the compressed length of `byteCount` bytes.
    func bound(_ byteCount: Int) -> Int {
        switch codec {
        case .snappy: snappy_max_compressed_length(byteCount)
        // Without a state the bound holds for every level.
        case .gzip: libdeflate_gzip_compress_bound(nil, byteCount)
        case .zstd: ZSTD_compressBound(byteCount)
        default: byteCount
        }
    }

    /// Compresses `source` to the start of `destination`, which has ``bound(_:)`` bytes; returns the length.
    mutating func compress(
        _ source: UnsafeRawBufferPointer,
        into destination: UnsafeMutableRawBufferPointer
    ) throws(ParquetError) -> Int {
        switch codec {
        case .uncompressed:
            unsafe destination.copyMemory(from: source)
            return source.count
        case .snappy:
            var length = destination.count
            let status = unsafe snappy_compress(
                source.baseAddress?.assumingMemoryBound(to: CChar.self),
                source.count,
                destination.baseAddress?.assumingMemoryBound(to: CChar.self),
                &length
            )
            guard status == SNAPPY_OK else { throw failed("status \(status.rawValue)") }
            return length
        case .gzip: return try unsafe gzip(source, destination)
        case .zstd: return try unsafe zstandard(source, destination)
        default:
            throw ParquetError(.unsupported, "writing with compression codec \(codec) is not supported")
        }
    }

    private mutating func gzip(
        _ source: UnsafeRawBufferPointer,
        _ destination: UnsafeMutableRawBufferPointer
    ) throws(ParquetError) -> Int {
        if unsafe deflate == nil { unsafe deflate = libdeflate_alloc_compressor(level) }
        guard let deflate = unsafe deflate else { throw failed("level \(level) is not valid or memory is short") }
        let length = unsafe libdeflate_gzip_compress(
            deflate,
            source.baseAddress,
            source.count,
            destination.baseAddress,
            destination.count
        )
        if length == 0 { throw failed("the output did not fit") }
        return length
    }

    private mutating func zstandard(
        _ source: UnsafeRawBufferPointer,
        _ destination: UnsafeMutableRawBufferPointer
    ) throws(ParquetError) -> Int {
        let context: ZstdCompressionContext
        if let zstd { context = zstd } else { context = try ZstdCompressionContext.pool.take() }
        zstd = context
        let length = unsafe ZSTD_compressCCtx(
            context.pointer,
            destination.baseAddress,
            destination.count,
            source.baseAddress,
            source.count,
            level
        )
        if ZSTD_isError(length) != 0 {
            throw failed(unsafe String(cString: ZSTD_getErrorName(length)))
        }
        return length
    }

    private func failed(_ reason: String) -> ParquetError {
        ParquetError(.invalidArgument, "\(codec) cannot compress a page: \(reason)")
    }
}
