/// Memory for what one evaluation makes, given back all at once; addresses stay.
@safe
final class Arena {
    private static let chunkLength = 64 * 1024
    /// Chunks beyond this many bytes are freed by ``reset()``.
    private static let keptLength = 4 << 20

    private var chunks: [UnsafeMutableRawBufferPointer] = unsafe []
    private var chunk = -1
    private var used = 0

    deinit {
        while let chunk = unsafe chunks.popLast() { unsafe chunk.deallocate() }
    }

    /// Forgets everything allocated.
    func reset() {
        if chunk < 0 { return }
        if unsafe chunks.count > 1 {
            var kept = 0
            var length = 0
            while unsafe kept < chunks.count, unsafe length + chunks[kept].count <= Arena.keptLength {
                unsafe length += chunks[kept].count
                kept += 1
            }
            while unsafe chunks.count > max(kept, 1) { unsafe chunks.removeLast().deallocate() }
        }
        chunk = 0
        used = 0
    }

    /// Room for `count` values.
    func list(_ count: Int) -> List {
        let bytes = unsafe allocate(count * MemoryLayout<Value>.stride)
        return unsafe List(bytes.bindMemory(to: Value.self, capacity: count), 0)
    }

    /// Room for `count` members.
    func members(_ count: Int) -> Members {
        let bytes = unsafe allocate(count * MemoryLayout<Member>.stride)
        return unsafe Members(bytes.bindMemory(to: Member.self, capacity: count), 0)
    }

    /// Room for `count` bytes of text.
    func text(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        unsafe allocate(count).bindMemory(to: UInt8.self, capacity: count)
    }

    /// A copy of text.
    func copy(_ bytes: UnsafeRawBufferPointer) -> Text {
        let start = unsafe text(bytes.count)
        if let from = bytes.baseAddress, bytes.count > 0 {
            unsafe UnsafeMutableRawPointer(start).copyMemory(from: from, byteCount: bytes.count)
        }
        return unsafe Text(start, bytes.count)
    }

    /// A copy of text.
    func copy(_ string: String) -> Text {
        var string = string
        return string.withUTF8 { unsafe copy(UnsafeRawBufferPointer($0)) }
    }

    private func allocate(_ count: Int) -> UnsafeMutableRawPointer {
        let length = (max(count, 1) + 15) & ~15
        while true {
            if chunk >= 0, unsafe chunks[chunk].count - used >= length, let base = unsafe chunks[chunk].baseAddress {
                defer { used += length }
                return unsafe base + used
            }
            if unsafe chunk + 1 == chunks.count {
                let size = max(Arena.chunkLength, length)
                unsafe chunks.append(.allocate(byteCount: size, alignment: 16))
            }
            chunk += 1
            used = 0
        }
    }
}

@available(*, unavailable)
extension Arena: Sendable {}
