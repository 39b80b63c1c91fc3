#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Finds the distinct values of a chunk and the index of each value among them.
///
/// The values stand in ``page`` in PLAIN form, as a dictionary page wants them. Memory is kept for the next chunk.
struct DictionaryBuilder: ~Copyable {
    /// The distinct values in the order they were met, in PLAIN form.
    private(set) var page = PageBuffer()
    /// For each value its place among the distinct ones.
    private(set) var indices: [UInt32] = []
    /// Open addressing: the place of a distinct value, or ``empty``; the length is a power of two.
    private var slots: [UInt32] = []
    /// The hash of each distinct value.
    private var hashes: [UInt64] = []
    /// The number added last.
    private var lastBits: UInt64 = 0
    /// Where each distinct value starts in the page.
    private var starts: [Int] = []

    private static var empty: UInt32 { .max }

    /// How many distinct values there are.
    var distinctCount: Int { hashes.count }
    /// How many bytes they take up.
    var byteCount: Int { page.count }

    /// Bits of an index.
    var indexWidth: Int { BitPackingEncoder.width(of: UInt64(max(distinctCount, 1) - 1)) }

    /// Forgets everything.
    mutating func begin(valueCount: Int) {
        page.removeAll()
        indices.removeAll(keepingCapacity: true)
        indices.reserveCapacity(valueCount)
        hashes.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        slots.append(contentsOf: repeatElement(Self.empty, count: 256))
    }

    /// Gives memory of unusual size back.
    mutating func shrink(to limit: Int) {
        page.shrink(to: limit)
        if indices.capacity > limit / 4 { indices = [] }
        if slots.capacity > limit / 4 { slots = [] }
        if hashes.capacity > limit / 8 { hashes = [] }
        if starts.capacity > limit / 8 { starts = [] }
    }

    /// The value after which ``isPromising`` is asked.
    static func sampleEnd(_ count: Int) -> Int { max(128, count / 8) }

    /// Whether values repeat often enough to go on: a column of unique values is given up after the sample.
    var isPromising: Bool { distinctCount * 5 <= indices.count * 4 }

    /// Whether dictionary and indices are shorter than the values.
    func pays(plainByteCount: Int) -> Bool {
        distinctCount * 2 <= indices.count && byteCount + indices.count * indexWidth / 8 < plainByteCount
    }

    /// Adds a number of four or eight bytes.
    mutating func add(_ bits: UInt64, byteCount: Int) {
        // Runs of one value are common enough to be worth a look.
        if let last = indices.last, bits == lastBits {
            indices.append(last)
            return
        }
        lastBits = bits
        let hash = XXHash64.hash(bits)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != Self.empty {
            let place = Int(slots[slot])
            // The hash of eight bytes is a bijection: equal hashes mean equal numbers.
            if hashes[place] == hash {
                indices.append(UInt32(truncatingIfNeeded: place))
                return
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        insert(hash, at: slot)
        unsafe withUnsafeBytes(of: bits.littleEndian) { bytes in
            unsafe page.append(UnsafeRawBufferPointer(rebasing: bytes[..<byteCount]))
        }
    }

    /// Adds a byte string, with a length prefix of four bytes or none.
    mutating func add(_ value: UnsafeRawBufferPointer, prefixByteCount: Int) {
        if let last = indices.last, unsafe isEqual(value, Int(last), prefixByteCount) {
            indices.append(last)
            return
        }
        let hash = unsafe XXHash64.hash(value)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != Self.empty {
            let place = Int(slots[slot])
            if unsafe hashes[place] == hash && isEqual(value, place, prefixByteCount) {
                indices.append(UInt32(truncatingIfNeeded: place))
                return
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        insert(hash, at: slot)
        if prefixByteCount == 4 { page.append(UInt32(truncatingIfNeeded: value.count)) }
        unsafe page.append(value)
    }

    private func isEqual(_ value: UnsafeRawBufferPointer, _ place: Int, _ prefixByteCount: Int) -> Bool {
        let start = starts[place] + prefixByteCount
        let end = place + 1 < starts.count ? starts[place + 1] : page.count
        guard end - start == value.count else { return false }
        guard value.count > 0, let left = value.baseAddress, let right = unsafe page.bytes.baseAddress else {
            return true
        }
        return unsafe memcmp(left, right + start, value.count) == 0
    }

    private mutating func insert(_ hash: UInt64, at slot: Int) {
        let place = UInt32(truncatingIfNeeded: hashes.count)
        slots[slot] = place
        hashes.append(hash)
        starts.append(page.count)
        indices.append(place)
        if hashes.count * 2 > slots.count { grow() }
    }

    private mutating func grow() {
        let count = slots.count * 4
        slots = [UInt32](repeating: Self.empty, count: count)
        for (place, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (count - 1)
            while slots[slot] != Self.empty { slot = (slot + 1) & (count - 1) }
            slots[slot] = UInt32(truncatingIfNeeded: place)
        }
    }
}
