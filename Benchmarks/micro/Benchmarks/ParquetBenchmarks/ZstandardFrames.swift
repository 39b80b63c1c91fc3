import CZstandard
import Parquet

/// Payloads compressed by zstd and nothing else, in frames as long as a page: what reading a file cannot be faster
/// than.
struct ZstandardFrames {
    private var frames: [(compressed: [UInt8], count: Int)] = []

    init(_ payloads: ByteArrays, frameBytes: Int) throws {
        var frame: [UInt8] = []
        for row in 0..<payloads.count {
            frame += payloads[row] ?? []
            if frame.count < frameBytes, row + 1 < payloads.count { continue }
            var compressed = [UInt8](repeating: 0, count: ZSTD_compressBound(frame.count))
            let size = ZSTD_compress(&compressed, compressed.count, frame, frame.count, 1)
            guard ZSTD_isError(size) == 0 else { throw ZstandardFailure() }
            frames.append((Array(compressed[..<size]), frame.count))
            frame = []
        }
    }

    /// Decompresses all frames into one buffer after the other, with one state as the reader does.
    func decompress() {
        guard let context = ZSTD_createDCtx() else { return }
        defer { ZSTD_freeDCtx(context) }
        for frame in frames {
            let output = [UInt8](unsafeUninitializedCapacity: frame.count) { buffer, count in
                let size = ZSTD_decompressDCtx(
                    context,
                    buffer.baseAddress,
                    buffer.count,
                    frame.compressed,
                    frame.compressed.count
                )
                precondition(size == frame.count, "zstd decompressed \(size) bytes of \(frame.count)")
                count = frame.count
            }
            precondition(output.count == frame.count)
        }
    }
}

/// zstd could not compress, which takes nothing but memory.
struct ZstandardFailure: Error {}
