#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension ByteArraySource {
    func bounds(_ range: Range<Int>, _ order: ValueOrder) -> ValueBounds? {
        if range.isEmpty { return nil }
        let limit = ValueBounds.prefixByteCount
        return unsafe withUnsafeTemporaryAllocation(byteCount: 2 * limit, alignment: 8) { memory in
            guard let base = memory.baseAddress else { return nil }
            // A signed number compares like an unsigned one once its sign bit is flipped.
            let flip: UInt64 = order == .signedBytes ? 1 << 63 : 0
            var minimum = unsafe BoundCandidate(base, isMaximum: false)
            var maximum = unsafe BoundCandidate(base + limit, isMaximum: true)
            unsafe forEach(range) { value in
                let key = unsafe BoundCandidate.key(value) ^ flip
                unsafe minimum.consider(value, key)
                unsafe maximum.consider(value, key)
                return true
            }
            return unsafe ValueBounds(
                minimum: minimum.bytes,
                maximum: maximum.bytes,
                isMinimumExact: minimum.isExact,
                isMaximumExact: maximum.isExact
            )
        }
    }
}

/// The least or greatest value so far, cut to 64 bytes.
///
/// Nearly every value is settled by its first eight bytes as a big-endian number.
@unsafe private struct BoundCandidate {
    private let memory: UnsafeMutableRawPointer
    private let isMaximum: Bool
    private var key: UInt64 = 0
    private var count = -1
    private(set) var isExact = true

    init(_ memory: UnsafeMutableRawPointer, isMaximum: Bool) {
        unsafe self.memory = unsafe memory
        unsafe self.isMaximum = isMaximum
    }

    var bytes: [UInt8] { unsafe Array(UnsafeRawBufferPointer(start: memory, count: max(count, 0))) }

    /// The first eight bytes, big-endian; missing ones count as 0.
    @inline(__always)
    static func key(_ value: UnsafeRawBufferPointer) -> UInt64 {
        guard let base = value.baseAddress else { return 0 }
        if value.count >= 8 { return unsafe base.loadUnaligned(as: UInt64.self).bigEndian }
        var key: UInt64 = 0
        for index in 0..<value.count {
            key |= unsafe UInt64(base.load(fromByteOffset: index, as: UInt8.self)) << UInt64(56 - 8 * index)
        }
        return key
    }

    @inline(__always)
    mutating func consider(_ value: UnsafeRawBufferPointer, _ key: UInt64) {
        let settled = unsafe isMaximum ? key < self.key : key > self.key
        if unsafe settled && count >= 0 { return }
        unsafe considerWhole(value, key)
    }

    @inline(never)
    private mutating func considerWhole(_ value: UnsafeRawBufferPointer, _ key: UInt64) {
        let limit = ValueBounds.prefixByteCount
        let length = min(value.count, limit)
        if unsafe count >= 0 && key == self.key {
            var order = 0
            let shared = unsafe min(length, count)
            if shared > 0, let base = value.baseAddress { order = unsafe Int(memcmp(base, memory, shared)) }
            if order == 0 { order = unsafe length - count }
            if order == 0 {
                // Of equal minima a whole one is the lesser, of equal maxima a cut one is the greater.
                let whole = value.count <= limit
                unsafe isExact = unsafe isMaximum ? isExact && whole : isExact || whole
                return
            }
            if unsafe isMaximum ? order < 0 : order > 0 { return }
        }
        unsafe self.key = key
        unsafe count = length
        unsafe isExact = value.count <= limit
        if length > 0, let base = value.baseAddress { unsafe memory.copyMemory(from: base, byteCount: length) }
    }
}
