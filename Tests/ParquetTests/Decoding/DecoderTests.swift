import Testing

@testable import Parquet

/// Decoders over raw bytes: the examples of the format's documentation, and what must be refused.
@Suite struct DecoderTests {
    @Test("the bit-packing example of Encodings.md: 0 to 7 in three bits")
    func bitPackingExample() throws {
        let bytes: [UInt8] = [0x03, 0b1000_1000, 0b1100_0110, 0b1111_1010]
        let values = try unsafe HybridDecoder.decode(bytes.span.bytes, bitWidth: 3, count: 8)
        #expect(values == [0, 1, 2, 3, 4, 5, 6, 7])
    }

    @Test("the deprecated levels of Encodings.md: 0 to 7, most significant bit first")
    func bitPackedLevelsExample() throws {
        let bytes: [UInt8] = [0b0000_0101, 0b0011_1001, 0b0111_0111]
        let levels = try unsafe LevelDecoder.bitPacked(bytes.span.bytes, count: 8, maximum: 7)
        #expect(levels.values == [0, 1, 2, 3, 4, 5, 6, 7])
    }

    @Test("the first delta example of Encodings.md: 1 to 5 as differences of no bits")
    func deltaExample() throws {
        // Block of 128 values in 4 parts, 5 values, first 1; minimum difference 1; four widths of 0.
        let bytes: [UInt8] = [0x80, 0x01, 4, 5, 2, 2, 0, 0, 0, 0]
        var position = 0
        let values = try unsafe DeltaBinaryPackedDecoder.decode(
            bytes.span.bytes,
            count: 5,
            at: &position,
            as: Int32.self
        )
        #expect(values == [1, 2, 3, 4, 5])
        #expect(position == bytes.count)
    }

    @Test("the second delta example of Encodings.md: 7 5 3 1 2 3 4 5 in two bits")
    func secondDeltaExample() throws {
        let bytes: [UInt8] = [0x80, 0x01, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0]
        var position = 0
        let values = try unsafe DeltaBinaryPackedDecoder.decode(
            bytes.span.bytes,
            count: 8,
            at: &position,
            as: Int64.self
        )
        #expect(values == [7, 5, 3, 1, 2, 3, 4, 5])
    }

    @Test("the delta byte array example of Encodings.md: axis, axle, babble, babyhood")
    func deltaByteArrayExample() throws {
        func delta(_ values: [Int8]) -> [UInt8] {
            // One block whose differences are bytes, above a minimum of -128.
            var bytes: [UInt8] = [0x80, 0x01, 4, UInt8(values.count)]
            func zigzag(_ value: Int) -> [UInt8] {
                var raw = UInt64(bitPattern: Int64(value << 1 ^ value >> 63))
                var bytes: [UInt8] = []
                while raw >= 0x80 {
                    bytes.append(UInt8(raw & 0x7f) | 0x80)
                    raw >>= 7
                }
                return bytes + [UInt8(raw)]
            }
            bytes += zigzag(Int(values[0])) + zigzag(-128) + [8, 0, 0, 0]
            let differences = zip(values.dropFirst(), values).map { UInt8(Int($0) - Int($1) + 128) }
            return bytes + differences + [UInt8](repeating: 0, count: 32 - differences.count)
        }
        let bytes = delta([0, 2, 0, 3]) + delta([4, 2, 6, 5]) + Array("axislebabbleyhood".utf8)
        let strings = try unsafe DeltaByteArrayDecoder.prefixed(bytes.span.bytes, count: 4, maximumBytes: 100)
        #expect((0..<4).map { strings[$0] } == ["axis", "axle", "babble", "babyhood"].map { Array($0.utf8) })
        #expect(throws: ParquetError(.limitExceeded, "")) {
            try unsafe DeltaByteArrayDecoder.prefixed(bytes.span.bytes, count: 4, maximumBytes: 20)
        }
    }

    @Test("the stream split example of Encodings.md: three floats")
    func streamSplitExample() throws {
        let bytes: [UInt8] = [0xaa, 0x00, 0xa3, 0xbb, 0x11, 0xb4, 0xcc, 0x22, 0xc5, 0xdd, 0x33, 0xd6]
        let joined = try unsafe ByteStreamSplitDecoder.joined(bytes.span.bytes, count: 3, width: 4)
        #expect(joined == [0xaa, 0xbb, 0xcc, 0xdd, 0x00, 0x11, 0x22, 0x33, 0xa3, 0xb4, 0xc5, 0xd6])
    }

    @Test("values of every width are unpacked, up to the last byte", arguments: 0...64)
    func everyWidthIsUnpacked(width: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        for count in [1, 7, 8, 31, 64, 65, 200] {
            let mask = width == 64 ? UInt64.max : (1 << UInt64(width)) - 1
            let values = (0..<count).map { _ in random.next() & mask }
            var bytes = [UInt8](repeating: 0, count: BitUnpackDecoder.byteCount(count, width: width))
            for bit in 0..<(count * width) where values[bit / width] >> UInt64(bit % width) & 1 == 1 {
                bytes[bit / 8] |= 1 << UInt8(bit % 8)
            }
            // A byte in front, so that the values begin where nothing is aligned.
            bytes.insert(0xff, at: 0)
            let unpacked = unsafe [UInt64](unsafeUninitializedCapacity: count) { output, initialized in
                if let base = output.baseAddress {
                    unsafe BitUnpackDecoder.unpack(bytes.span.bytes, at: 1, width: width, count: count, into: base)
                }
                initialized = count
            }
            #expect(unpacked == values, "seed \(seed)")
        }
    }

    @Test("a run of one level takes no array")
    func oneRunOfLevelsTakesNoArray() throws {
        // 1000 times level 1: header 2000, value.
        let bytes: [UInt8] = [0xd0, 0x0f, 1]
        let levels = try unsafe LevelDecoder.hybrid(bytes.span.bytes, count: 1000, maximum: 1)
        #expect(levels.values == nil)
        #expect(levels.count(of: 1) == 1000)
    }

    /// Bytes, and the decoder that must not take them.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var decode: @Sendable (RawSpan) throws -> Void

        init(_ name: String, _ bytes: [UInt8], _ decode: @escaping @Sendable (RawSpan) throws -> Void) {
            testDescription = name
            self.bytes = bytes
            self.decode = decode
        }

        /// Takes as many delta-packed 32-bit integers.
        static func delta(_ name: String, _ bytes: [UInt8], count: Int) -> Refusal {
            Refusal(name, bytes) { bytes in
                var position = 0
                _ = try DeltaBinaryPackedDecoder.decode(bytes, count: count, at: &position, as: Int32.self)
            }
        }
    }

    static let refusals = [
        Refusal("levels that end early", [4, 1]) { _ = try LevelDecoder.hybrid($0, count: 3, maximum: 1) },
        Refusal("a level above the highest", [6, 3]) { _ = try LevelDecoder.hybrid($0, count: 3, maximum: 2) },
        Refusal("a packed level above the highest", [3, 0xff, 0xff]) {
            _ = try LevelDecoder.hybrid($0, count: 8, maximum: 2)
        },
        Refusal("a run cut off before its value", [8]) { _ = try HybridDecoder.decode($0, bitWidth: 8, count: 4) },
        Refusal("nothing but runs of nothing", [UInt8](repeating: 0, count: 64)) {
            _ = try HybridDecoder.decode($0, bitWidth: 0, count: 4)
        },
        Refusal("a value with more bits than its width", [8, 4]) {
            _ = try HybridDecoder.decode($0, bitWidth: 2, count: 4)
        },
        Refusal("a bit width above 32", [8, 0, 0, 0, 0, 0]) {
            _ = try HybridDecoder.decode($0, bitWidth: 33, count: 1)
        },
        Refusal("an index behind the dictionary", [2, 6, 3]) {
            _ = try DictionaryDecoder.indices($0, count: 3, dictionaryCount: 3)
        },
        Refusal("indices without their width", []) {
            _ = try DictionaryDecoder.indices($0, count: 3, dictionaryCount: 3)
        },
        Refusal("a byte string longer than its page", [9, 0, 0, 0, 1]) {
            _ = try PlainDecoder.byteArrays($0, count: 1, buffer: 0, base: 0)
        },
        Refusal("a byte string of negative length", [0xff, 0xff, 0xff, 0xff, 1]) {
            _ = try PlainDecoder.byteArrays($0, count: 1, buffer: 0, base: 0)
        },
        Refusal("fewer numbers than promised", [1, 2, 3, 4, 5, 6, 7]) {
            _ = try PlainDecoder.numbers($0, count: 2, as: Int32.self)
        },
        Refusal("fewer booleans than promised", [1]) { _ = try PlainDecoder.booleans($0, count: 9) },
        .delta("delta-packed values of another number", [0x80, 0x01, 4, 5, 2, 2, 0, 0, 0, 0], count: 6),
        .delta("delta-packed blocks of no parts", [0x80, 0x01, 0, 5, 2, 2, 0, 0, 0, 0], count: 5),
        .delta("delta-packed blocks of an odd size", [0x81, 0x01, 4, 5, 2, 2, 0, 0, 0, 0], count: 5),
        .delta(
            "differences wider than the type",
            [0x80, 0x01, 4, 5, 2, 2, 33, 0, 0, 0] + [UInt8](repeating: 0, count: 200),
            count: 5
        ),
        .delta("differences that end early", [0x80, 0x01, 4, 5, 2, 2, 8, 0, 0, 0, 1, 2, 3], count: 5),
        Refusal("a prefix longer than the string before", [0x80, 0x01, 4, 1, 2, 0x80, 0x01, 4, 1, 2, 65]) {
            _ = try DeltaByteArrayDecoder.prefixed($0, count: 1, maximumBytes: 9)
        },
        Refusal("split streams of a broken length", [1, 2, 3, 4, 5]) {
            _ = try ByteStreamSplitDecoder.joined($0, count: 1, width: 4)
        },
        Refusal("a number that never ends", [UInt8](repeating: 0x80, count: 20)) {
            var position = 0
            _ = try $0.unsignedVarint(at: &position)
        },
    ]

    @Test("bytes that contradict the format are refused as malformed", arguments: refusals)
    func contradictionsAreRefused(_ refusal: Refusal) throws {
        #expect(throws: ParquetError(.malformed, "")) { try unsafe refusal.decode(refusal.bytes.span.bytes) }
    }
}
