/// Growing raw memory in which a page is put together.
///
/// It keeps its memory when emptied. Writers of many values reserve room once and then write through a pointer.
@safe struct PageBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private(set) var capacity: Int
    /// How many bytes are in use.
    private(set) var count = 0

    init() {
        capacity = 4096
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    deinit { unsafe base.deallocate() }

    /// The bytes in use; valid until the next change.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }

    /// Forgets the bytes, not the memory.
    mutating func removeAll() { count = 0 }

    /// Gives memory beyond `limit` bytes back.
    mutating func shrink(to limit: Int) {
        if capacity <= limit { return }
        count = 0
        unsafe base.deallocate()
        capacity = 4096
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    /// Makes room for `extra` more bytes.
    @inline(__always)
    mutating func reserve(_ extra: Int) {
        if capacity - count < extra { grow(extra) }
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        let larger = max(capacity * 2, count + extra)
        let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        unsafe new.copyMemory(from: base, byteCount: count)
        unsafe base.deallocate()
        unsafe base = new
        capacity = larger
    }

    /// Lends room for `room` bytes; `body` returns how many it has written.
    @inline(__always)
    mutating func append<Failure: Error>(
        upTo room: Int,
        _ body: (UnsafeMutableRawPointer) throws(Failure) -> Int
    ) throws(Failure) {
        reserve(room)
        let used = try unsafe body(base + count)
        precondition(used <= room, "wrote \(used) bytes into room for \(room)")
        count += used
    }

    /// Adds a copy of `bytes`.
    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if let source = bytes.baseAddress {
            unsafe append(upTo: bytes.count) { target in
                unsafe target.copyMemory(from: source, byteCount: bytes.count)
                return bytes.count
            }
        }
    }

    /// Adds one byte.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Adds four bytes, little-endian.
    @inline(__always)
    mutating func append(_ value: UInt32) {
        reserve(4)
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: count, as: UInt32.self)
        count += 4
    }

    /// Adds a number in 7-bit groups, lowest first (ULEB128).
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    /// Adds a copy of `bytes`.
    mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    /// Adds the UTF-8 bytes of `text`.
    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { unsafe append(UnsafeRawBufferPointer($0)) }
    }

    /// A copy of the bytes in use, from an offset on.
    func copy(from start: Int = 0) -> [UInt8] {
        precondition(start >= 0 && start <= count, "offset \(start) is outside of \(count) bytes")
        return unsafe [UInt8](unsafeUninitializedCapacity: count - start) { target, initialized in
            unsafe UnsafeMutableRawBufferPointer(target)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start...]))
            initialized = count - start
        }
    }

    /// Forgets the bytes from `end` on.
    mutating func truncate(to end: Int) {
        precondition(end >= 0 && end <= count, "cannot cut \(count) bytes to \(end)")
        count = end
    }

    /// Replaces four bytes, little-endian.
    mutating func replace(_ value: UInt32, at offset: Int) {
        precondition(offset >= 0 && offset + 4 <= count, "offset \(offset) is outside of \(count) bytes")
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
    }
}
