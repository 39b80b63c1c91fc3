internal import CDeflate
internal import CSnappy
internal import CZstd

/// Expands compressed pages.
///
/// Takes its zstd and libdeflate states from pools shared by the process and gives them back at its end, so making one
/// is cheap.
struct Decompressor: ~Copyable {
    private var zstd: ZstdDecompressionContext?
    private var deflate: DeflateDecompressionContext?

    init() {}

    deinit {
        if let zstd { ZstdDecompressionContext.pool.give(back: zstd) }
        if let deflate { DeflateDecompressionContext.pool.give(back: deflate) }
    }

    /// Expands `source` to exactly `byteCount` bytes; the caller has checked that it can afford so many.
    ///
    /// - Parameters:
    ///   - source: The page as it stands in the file.
    ///   - codec: How `source` is compressed.
    ///   - byteCount: The length the page header claims.
    ///   - fileOffset: Where `source` stands in the file, for messages.
    /// - Returns: The bytes.
    /// - Throws: ``ParquetError/Code/malformed`` when the bytes are damaged or expand to another length;
    ///   ``ParquetError/Code/unsupported`` for a codec without support.
    mutating func decompress(
        _ source: ArraySlice<UInt8>,
        _ codec: CompressionCodec,
        byteCount: Int,
        fileOffset: Int
    ) throws(ParquetError) -> [UInt8] {
        if codec == .uncompressed {
            guard source.count == byteCount else { throw Self.damaged(codec, fileOffset) }
            return Array(source)
        }
        // The closure that fills the array can throw only untyped errors, so the error is carried out of it by hand.
        var failure: ParquetError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let target = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: byteCount)
            unsafe source.withUnsafeBytes { source in
                do throws(ParquetError) {
                    try unsafe decompress(source, codec, into: target, fileOffset: fileOffset)
                    count = byteCount
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Expands `source` so that it fills `destination` exactly.
    mutating func decompress(
        _ source: UnsafeRawBufferPointer,
        _ codec: CompressionCodec,
        into destination: UnsafeMutableRawBufferPointer,
        fileOffset: Int
    ) throws(ParquetError) {
        // Some writers store the values of a page of nulls as no bytes at all, which is no valid frame of any codec.
        if source.count == 0 && destination.count == 0 && codec.isSupported { return }
        let done: Bool
        switch codec {
        case .uncompressed:
            done = source.count == destination.count
            if done { unsafe destination.copyMemory(from: source) }
        case .snappy: done = unsafe Self.snappy(source, destination)
        case .gzip: done = try unsafe gzip(source, destination)
        case .zstd: done = try unsafe zstandard(source, destination)
        default:
            throw ParquetError(
                .unsupported,
                "compression codec \(codec) is not supported: use UNCOMPRESSED, SNAPPY, GZIP or ZSTD",
                offset: fileOffset
            )
        }
        if !done { throw Self.damaged(codec, fileOffset) }
    }

    private static func damaged(_ codec: CompressionCodec, _ offset: Int) -> ParquetError {
        ParquetError(
            .malformed,
            "a \(codec) page is damaged: it does not expand to the length its header claims",
            offset: offset
        )
    }

    private static func snappy(
        _ source: UnsafeRawBufferPointer,
        _ destination: UnsafeMutableRawBufferPointer
    ) -> Bool {
        // The length is checked first, since the library writes as many bytes as the block itself claims.
        var length = 0
        let input = unsafe source.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard unsafe snappy_uncompressed_length(input, source.count, &length) == SNAPPY_OK,
            length == destination.count
        else { return false }
        if length == 0 { return unsafe snappy_validate_compressed_buffer(input, source.count) == SNAPPY_OK }
        let output = unsafe destination.baseAddress?.assumingMemoryBound(to: CChar.self)
        return unsafe snappy_uncompress(input, source.count, output, &length) == SNAPPY_OK
    }

    /// Expands one gzip member after the other (RFC 1952, section 2.2).
    private mutating func gzip(
        _ source: UnsafeRawBufferPointer,
        _ destination: UnsafeMutableRawBufferPointer
    ) throws(ParquetError) -> Bool {
        let context: DeflateDecompressionContext
        if let deflate { context = deflate } else { context = try DeflateDecompressionContext.pool.take() }
        deflate = context
        guard let input = source.baseAddress else { return false }
        // The library wants an address even when there is nothing to write.
        var placeholder: UInt8 = 0
        return unsafe withUnsafeMutablePointer(to: &placeholder) { placeholder in
            let output = unsafe destination.baseAddress ?? UnsafeMutableRawPointer(placeholder)
            var read = 0
            var written = 0
            while read < source.count {
                var consumed = 0
                var produced = 0
                let result = unsafe libdeflate_gzip_decompress_ex(
                    context.pointer,
                    input + read,
                    source.count - read,
                    output + written,
                    destination.count - written,
                    &consumed,
                    &produced
                )
                guard result == LIBDEFLATE_SUCCESS, consumed > 0 else { return false }
                read += consumed
                written += produced
            }
            return written == destination.count
        }
    }

    private mutating func zstandard(
        _ source: UnsafeRawBufferPointer,
        _ destination: UnsafeMutableRawBufferPointer
    ) throws(ParquetError) -> Bool {
        let context: ZstdDecompressionContext
        if let zstd { context = zstd } else { context = try ZstdDecompressionContext.pool.take() }
        zstd = context
        return unsafe ZSTD_decompressDCtx(
            context.pointer,
            destination.baseAddress,
            destination.count,
            source.baseAddress,
            source.count
        ) == destination.count
    }
}
