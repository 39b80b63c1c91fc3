import Testing

@testable import Parquet

@Suite("Compression")
struct CompressionTests {
    private static func compressed(_ bytes: [UInt8], _ compression: Compression) throws -> [UInt8] {
        var compressor = Compressor(compression)
        let room = compressor.bound(bytes.count)
        return try unsafe [UInt8](unsafeUninitializedCapacity: room) { target, count in
            count = try unsafe bytes.withUnsafeBytes {
                try unsafe compressor.compress($0, into: UnsafeMutableRawBufferPointer(target))
            }
        }
    }

    private static let samples: [[UInt8]] = {
        var random = SeededGenerator(seed: 3)
        return [[], [1], Array("abcabcabcabc".utf8), random.bytes(100_000), [UInt8](repeating: 7, count: 3_000_000)]
    }()

    @Test(
        "what is compressed expands again, and damage is found",
        arguments: [
            Compression.uncompressed, .snappy, .gzip(), .gzip(level: 0), .zstd(), .zstd(level: 19), .zstd(level: -5),
        ]
    )
    func roundTrip(compression: Compression) throws {
        var decompressor = Decompressor()
        for sample in Self.samples {
            let bytes = try Self.compressed(sample, compression)
            let expanded = try decompressor.decompress(
                bytes[...],
                compression.codec,
                byteCount: sample.count,
                fileOffset: 0
            )
            #expect(expanded == sample)
            for wrong in [sample.count + 1, sample.count - 1] where wrong >= 0 {
                do {
                    _ = try decompressor.decompress(bytes[...], compression.codec, byteCount: wrong, fileOffset: 77)
                    Issue.record("\(sample.count) bytes passed for \(wrong)")
                } catch {
                    #expect(error.code == .malformed && error.offset == 77)
                }
            }
            if bytes.count > 1 && sample.count > 1 {
                do {
                    let cut = bytes.dropLast()
                    _ = try decompressor.decompress(cut, compression.codec, byteCount: sample.count, fileOffset: 0)
                    Issue.record("a page cut short was accepted")
                } catch {
                    #expect(error.code == .malformed)
                }
            }
        }
    }

    @Test("gzip members one behind the other expand to one page")
    func gzipMembers() throws {
        let parts = [Array("first ".utf8), [], Array("second".utf8)] as [[UInt8]]
        let bytes = try parts.flatMap { try Self.compressed($0, .gzip()) }
        var decompressor = Decompressor()
        let page = try decompressor.decompress(bytes[...], .gzip, byteCount: 12, fileOffset: 0)
        #expect(page == Array("first second".utf8))
    }

    @Test("codecs without support are refused by name", arguments: [CompressionCodec.lzo, .brotli, .lz4, .lz4Raw])
    func refusedCodecs(codec: CompressionCodec) throws {
        var decompressor = Decompressor()
        do {
            _ = try decompressor.decompress([1, 2, 3], codec, byteCount: 9, fileOffset: 5)
            Issue.record("\(codec) was accepted")
        } catch {
            #expect(error.code == .unsupported)
            #expect(error.message.contains(codec.description))
        }
    }
}
