#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// UTF-8 that somebody else owns and keeps until the evaluation is over.
///
/// Safe to use within one evaluation: documents stay in the parser's buffer, everything made on the way in the arena.
@safe
struct Text {
    let start: UnsafePointer<UInt8>?
    let count: Int

    init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        unsafe self.start = start
        self.count = count
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe start = bytes.baseAddress
        count = bytes.count
    }

    init(_ text: StaticString) {
        unsafe start = text.utf8Start
        count = text.utf8CodeUnitCount
    }

    var bytes: UnsafeBufferPointer<UInt8> { unsafe UnsafeBufferPointer(start: start, count: count) }
    var isEmpty: Bool { count == 0 }

    subscript(index: Int) -> UInt8 { unsafe bytes[index] }

    func dropFirst(_ number: Int) -> Text { unsafe Text(start.map { unsafe $0 + number }, count - number) }
    func prefix(_ number: Int) -> Text { unsafe Text(start, number) }

    /// Negative, zero or positive as it sorts before, with or after `other`: by bytes, which for UTF-8 is by code
    /// point.
    func order(_ other: Text) -> Int {
        let common = min(count, other.count)
        if common > 0, let left = unsafe start, let right = unsafe other.start {
            let order = unsafe memcmp(left, right, common)
            if order != 0 { return Int(order) }
        }
        return count - other.count
    }

    func isEqual(_ other: Text) -> Bool {
        guard count == other.count else { return false }
        guard count > 0, let left = unsafe start, let right = unsafe other.start else { return true }
        return unsafe memcmp(left, right, count) == 0
    }

    func contains(_ other: Text) -> Bool {
        guard other.count > 0 else { return true }
        guard count >= other.count, let left = unsafe start, let right = unsafe other.start else { return false }
        let last = count - other.count
        var at = 0
        while at <= last, let found = unsafe memchr(left + at, Int32(right[0]), last - at + 1) {
            at = unsafe UnsafeRawPointer(left).distance(to: UnsafeRawPointer(found))
            if unsafe memcmp(left + at, right, other.count) == 0 { return true }
            at += 1
        }
        return false
    }

    func starts(with other: Text) -> Bool { count >= other.count && prefix(other.count).isEqual(other) }
    func ends(with other: Text) -> Bool { count >= other.count && dropFirst(count - other.count).isEqual(other) }

    /// How many code points it has.
    var scalarCount: Int {
        var total = 0
        for index in 0..<count where self[index] & 0xC0 != 0x80 { total += 1 }
        return total
    }

    var string: String { unsafe String(decoding: bytes, as: UTF8.self) }
}
