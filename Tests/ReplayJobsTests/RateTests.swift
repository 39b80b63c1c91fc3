import ReplayJobs
import Testing

@Suite("Rates")
struct RateTests {
    @Test(
        "are read from words, and read again from their text",
        arguments: [
            ("500/s", ReplayRate.records(perSecond: 500)), ("0.5/s", .records(perSecond: 0.5)),
            ("2MB/s", .bytes(perSecond: 2e6)), ("1.5MiB/s", .bytes(perSecond: 1.5 * 1_048_576)),
            ("64kb/s", .bytes(perSecond: 64e3)), ("100B/s", .bytes(perSecond: 100)),
            ("recorded", .recorded(times: 1)), ("recorded×10", .recorded(times: 10)),
            ("recordedx0.5", .recorded(times: 0.5)), ("recorded*2", .recorded(times: 2)),
        ] as [(String, ReplayRate)]
    )
    func read(text: String, rate: ReplayRate) {
        #expect(ReplayRate(text) == rate)
        #expect(ReplayRate(rate.text) == rate)
    }

    @Test(
        "that are none are refused",
        arguments: [
            "", "500", "/s", "-1/s", "0/s", "nan/s", "inf/s", "MB/s", "2MB", "2TB/s", "recorded2", "recorded×",
            "recorded×0", "recorded×-1", "1e300/s", "recordedly",
            "1e10GB/s", "1e-30/s", "recorded×1e-20",
        ]
    )
    func refused(text: String) { #expect(ReplayRate(text) == nil) }
}
