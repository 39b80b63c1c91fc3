import Synchronization
import Testing

@testable import EventJournal

@Suite("UUIDv7")
struct UUIDv7Tests {
    @Test("is read back from its text, in either case")
    func text() throws {
        let identifier = UUIDv7Generator().next()
        #expect(UUIDv7(identifier.description) == identifier)
        #expect(UUIDv7(identifier.description.uppercased()) == identifier)
    }

    @Test(
        "refuses other texts",
        arguments: [
            "", "0190163d-8694-739b-aea5-966c26f8ad9", "0190163d-8694-739b-aea5-966c26f8ad911",
            "0190163d86944-739b-aea5-966c26f8ad9", "0190163g-8694-739b-aea5-966c26f8ad91",
        ]
    )
    func refuses(text: String) {
        #expect(UUIDv7(text) == nil)
    }

    @Test("carries version, variant and the clock's time")
    func fields() throws {
        let identifier = UUIDv7Generator(clock: { Timestamp(microseconds: 1_709_251_200_123_456) }).next()
        #expect(identifier.milliseconds == 1_709_251_200_123)
        #expect(identifier.high >> 12 & 15 == 7)
        #expect(identifier.low >> 62 == 2)
    }

    @Test("ascends while the clock stands still, goes back, or is far before 1970")
    func ascends() {
        let moments = Mutex<Int64>(1_709_251_200_000_000)
        let generator = UUIDv7Generator(clock: { Timestamp(microseconds: moments.withLock { $0 }) })
        var last = generator.next()
        for step in 0..<20_000 {
            if step == 9000 { moments.withLock { $0 -= 3_600_000_000 } }
            if step == 15_000 { moments.withLock { $0 = -5_000_000 } }
            let next = generator.next()
            #expect(next > last)
            last = next
        }
    }

    @Test("sorts behind everything observed, whoever's clock is ahead")
    func observes() {
        let ahead = UUIDv7Generator(clock: { Timestamp(microseconds: 2_000_000_000_000_000) }).next()
        let behind = UUIDv7Generator(clock: { Timestamp(microseconds: 1_000_000_000_000_000) })
        behind.observe(ahead)
        #expect(behind.next() > ahead)
    }
}
