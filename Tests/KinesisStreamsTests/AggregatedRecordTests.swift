import Testing

@testable import KinesisStreams

@Suite("Records packed by the Kinesis Producer Library")
struct AggregatedRecordTests {
    /// Made by the PyPI package aws_kinesis_agg 1.2.3; see `Support/vectors.py`.
    private static let vectors: [(hex: String, parts: [AggregatedRecord.Part])] = [
        (
            "f3899ac20a05616c7068610a04626574611a0908001a0566697273741a0c08011a08ff007365636f6e641a0908001a057468697264"
                + "b3c67b7af7d09b94d28f2f92fe90ec5f",
            [
                .init(key: "alpha", data: Array("first".utf8)),
                .init(key: "beta", data: [0xFF, 0x00] + Array("second".utf8)),
                .init(key: "alpha", data: Array("third".utf8)),
            ]
        ),
        (
            "f3899ac20a016b121e3132333435363738393031323334353637383930313233343536373839301a0d080010001a077b2261223a317d"
                + "23f5d2012f6d47a2bd49e6d369b12253",
            [.init(key: "k", data: Array("{\"a\":1}".utf8))]
        ),
        (
            "f3899ac20a0a7363686cc3bc7373656c1a0408001a004da437946a9bfa066e1d53ca94bcb725",
            [.init(key: "schlüssel", data: [])]
        ),
    ]

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count, by: 2)
            .compactMap { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) }
    }

    @Test("what Amazon's own library packs is taken apart", arguments: 0..<3)
    func vectors(number: Int) {
        let vector = Self.vectors[number]
        #expect(AggregatedRecord(Self.bytes(vector.hex))?.parts == vector.parts)
    }

    @Test("a record with any byte changed, or cut anywhere, is a record like any other", arguments: 0..<3)
    func damaged(number: Int) {
        let bytes = Self.bytes(Self.vectors[number].hex)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x10
            #expect(AggregatedRecord(changed) == nil, "with byte \(index) changed")
            #expect(AggregatedRecord(Array(bytes[..<index])) == nil, "cut at \(index)")
        }
        #expect(AggregatedRecord(bytes + [0]) == nil)
    }

    /// Hostile messages behind the right checksum.
    @Test(
        "a message that is not one of aggregated records does no harm",
        arguments: [
            [], [0x0A], [0x0A, 0x05, 0x61], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            // No record; a record without a key in the table; without data; a group; field number 0.
            [0x0A, 0x01, 0x61], [0x1A, 0x05, 0x08, 0x00, 0x1A, 0x01, 0x61], [0x0A, 0x01, 0x61, 0x1A, 0x02, 0x08, 0x00],
            [0x0B, 0x0C], [0x02, 0x00],
            // An index beyond the table, of 64 bits; a varint of eleven bytes; one that does not fit; a key not UTF-8.
            [
                0x0A, 0x01, 0x61, 0x1A, 0x0E, 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x1A,
                0x01, 0x61,
            ],
            [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
            [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            [0x0A, 0x01, 0xFF, 0x1A, 0x05, 0x08, 0x00, 0x1A, 0x01, 0x61],
        ] as [[UInt8]]
    )
    func hostile(message: [UInt8]) {
        #expect(AggregatedRecord(AggregatedRecord.packed(message)) == nil)
    }

    @Test("fields of later versions are passed over")
    func unknownFields() {
        // Field 4 of each wire type beside what is known.
        let record: [UInt8] = [
            0x08, 0x00, 0x1A, 0x01, 0x61, 0x20, 0x07, 0x25, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8,
        ]
        let message: [UInt8] = [0x0A, 0x01, 0x6B, 0x22, 0x01, 0x00, 0x1A, UInt8(record.count)] + record
        #expect(
            AggregatedRecord(AggregatedRecord.packed(message))?.parts == [.init(key: "k", data: [0x61])]
        )
    }

    @Test("random messages behind the right checksum neither crash nor hang")
    func fuzz() {
        var state = UInt64.random(in: 0 ... .max)
        let seed = state
        for _ in 0..<20_000 {
            var message: [UInt8] = []
            for _ in 0..<Int(state % 40) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                // Small numbers make plausible tags and lengths.
                message.append(UInt8(truncatingIfNeeded: state >> 33) & (state >> 60 < 8 ? 0x1F : 0xFF))
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1
            let parts = AggregatedRecord(AggregatedRecord.packed(message))?.parts ?? []
            #expect(parts.reduce(0) { $0 + $1.data.count } <= message.count, "seed \(seed)")
        }
    }
}
