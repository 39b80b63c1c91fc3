internal import Synchronization

/// A universally unique identifier whose first 48 bits are the time in milliseconds, so that it sorts by time.
///
/// Source: RFC 9562 section 5.7.
public struct UUIDv7: Sendable, Hashable, Comparable {
    /// The first eight bytes, big-endian.
    public var high: UInt64
    /// The last eight bytes, big-endian.
    public var low: UInt64

    /// An identifier from its bits, whatever their version.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the 36-character form, in either case; `nil` when the text is not of that form.
    public init?(_ text: some StringProtocol) { self.init(utf8: text.utf8) }

    /// The same over bytes.
    init?(utf8 text: some Sequence<UInt8>) {
        var bits: (UInt64, UInt64) = (0, 0)
        var position = 0
        for byte in text {
            defer { position += 1 }
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 97...102: digit = byte - 87
            case 65...70: digit = byte - 55
            default: return nil
            }
            guard position < 36 else { return nil }
            if position < 18 { bits.0 = bits.0 << 4 | UInt64(digit) } else { bits.1 = bits.1 << 4 | UInt64(digit) }
        }
        guard position == 36 else { return nil }
        self.init(high: bits.0, low: bits.1)
    }

    /// Milliseconds since 1970 UTC when it was made.
    public var milliseconds: Int64 { Int64(high >> 16) }

    /// The order of their bytes, which is that of their texts.
    public static func < (left: UUIDv7, right: UUIDv7) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }

    /// The 36 ASCII characters of the lower-case form.
    public var text: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append(UInt8(ascii: "-")) }
            let half = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - index % 16 * 4)) & 15
            text.append(digit < 10 ? 48 + digit : 87 + digit)
        }
        return text
    }
}

extension UUIDv7: CustomStringConvertible {
    /// The lower-case form: `0190163d-8694-739b-aea5-966c26f8ad91`.
    public var description: String { String(decoding: text, as: UTF8.self) }
}

/// Makes identifiers that ascend, whatever the clock does.
///
/// Each is greater than every one made or ``observe(_:)``d before: when the clock stands still or goes back, the time
/// of the last is kept and the 12 bits behind it count (RFC 9562 section 6.2, method 1), carrying into the time when
/// they run over. Observing what other writers made turns the time into a hybrid logical clock: what is written after
/// something was seen sorts behind it, also between machines whose clocks differ.
public final class UUIDv7Generator: Sendable {
    private let last: Mutex<UInt64>
    private let clock: @Sendable () -> Timestamp
    private let random: @Sendable () -> UInt64

    /// A generator on a clock.
    public convenience init(clock: @escaping @Sendable () -> Timestamp = { .now }) {
        self.init(clock: clock, random: { UInt64.random(in: 0...UInt64.max) })
    }

    /// A generator on a clock and a source of random bits, so that a test can repeat what it makes.
    package init(clock: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable () -> UInt64) {
        self.clock = clock
        self.random = random
        last = Mutex(0)
    }

    /// Takes note of an identifier somebody else made.
    public func observe(_ identifier: UUIDv7) {
        let tick = UUIDv7Generator.tick(of: identifier)
        last.withLock { $0 = max($0, tick) }
    }

    /// The next identifier.
    public func next() -> UUIDv7 {
        let now = UInt64(max(0, clock().microseconds / 1000)) << 12
        let tick = last.withLock { last in
            // A fresh millisecond starts low in the counter, at random, so that two generators seldom agree.
            last = now > last & ~0xFFF ? now | random() & 0x3FF : last + 1
            return last
        }
        let high = (tick >> 12) << 16 | 0x7000 | tick & 0xFFF
        return UUIDv7(high: high, low: random() >> 2 | 1 << 63)
    }

    /// 48 bits of time and the 12 bits that count, without the version between them.
    private static func tick(of identifier: UUIDv7) -> UInt64 {
        (identifier.high >> 16) << 12 | identifier.high & 0xFFF
    }
}
