import Testing

@testable import EventJournal

@Suite("Segment names")
struct SegmentTests {
    private func parse(_ key: String) -> Segment? { Segment(key: key) }

    @Test(
        "say what is inside, and are read back",
        arguments: [
            (Int64(1_709_251_200_000_000), Int64(1_709_251_200_000_000), 1, 0), (-5, 7, 1000, 470_000),
            (.min + 1, .max, 1 << 30, .max), (0, 0, 12, 3), (.min, -1, 2, 2),
        ]
    )
    func roundTrip(first: Int64, last: Int64, events: Int, payloadBytes: Int) {
        let segment = Segment(
            batchID: UUIDv7Generator().next(),
            first: Timestamp(microseconds: first),
            last: Timestamp(microseconds: last),
            events: events,
            payloadBytes: payloadBytes,
            checksum: SegmentChecksum(object: 0xA1, footer: .max),
            objectBytes: 99
        )
        #expect(parse(segment.key) == segment)
    }

    @Test(
        "that are not exact are refused",
        arguments: [
            "_inbox/", "_inbox/x.parquet", "segments/0190163d-8694-739b-aea5-966c26f8ad91_1_2_3_4.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_1_2_3_4_99_00000000ffffffff.parquet.tmp",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_2_1_3_4_99_00000000ffffffff.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_1_2_0_4_99_00000000ffffffff.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_1_2_3_-4_99_00000000ffffffff.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_01_2_3_4_99_00000000ffffffff.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_1_2_3_99_00000000ffffffff.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_1_2_3_4_5_99_00000000ffffffff.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_1_2_3_4.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_1_2_3_4_99_00000000FFFFFFFF.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_1_99999999999999999999_3_4_99_00000000ffffffff.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_1_9223372036854775808_3_4_99_00000000ffffffff.parquet",
            "_inbox/0190163d-8694-739b-aea5-966c26f8ad91_-0_2_3_4_99_00000000ffffffff.parquet",
        ]
    )
    func refused(key: String) {
        #expect(parse(key) == nil)
    }
}
