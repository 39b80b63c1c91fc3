internal import CDeflate
internal import CZstd
internal import Synchronization

/// States of a C library that wait to be used again, since making one costs more than compressing a small page.
final class ContextPool<Context: PooledContext>: Sendable {
    /// How many idle states are kept; one for each thread that compresses is plenty.
    private static var capacity: Int { 16 }
    private let idle = Mutex<[Context]>([])

    /// An idle state or a new one; whoever takes it has it alone until giving it back.
    func take() throws(ParquetError) -> Context {
        if let context = idle.withLock({ $0.popLast() }) { return context }
        guard let context = Context() else {
            throw ParquetError(.limitExceeded, "out of memory for a \(Context.self)")
        }
        return context
    }

    /// Ends the use of a state.
    func give(back context: Context) {
        let kept = idle.withLock { idle in
            if idle.count >= Self.capacity { return false }
            idle.append(context)
            return true
        }
        if !kept { context.free() }
    }
}

/// A state of a C library, to be freed by hand.
protocol PooledContext: Sendable {
    /// Makes a state; `nil` when memory is short.
    init?()
    /// Frees it.
    func free()
}

/// A zstd decompression state.
///
/// `@unchecked Sendable`: the state has no tie to a thread, and the pool hands it to one owner at a time.
@safe struct ZstdDecompressionContext: PooledContext, @unchecked Sendable {
    static let pool = ContextPool<Self>()
    let pointer: OpaquePointer

    init?() {
        guard let pointer = unsafe ZSTD_createDCtx() else { return nil }
        unsafe self.pointer = pointer
    }

    func free() { unsafe ZSTD_freeDCtx(pointer) }
}

/// A zstd compression state.
///
/// `@unchecked Sendable`: the state has no tie to a thread, and the pool hands it to one owner at a time.
@safe struct ZstdCompressionContext: PooledContext, @unchecked Sendable {
    static let pool = ContextPool<Self>()
    let pointer: OpaquePointer

    init?() {
        guard let pointer = unsafe ZSTD_createCCtx() else { return nil }
        unsafe self.pointer = pointer
    }

    func free() { unsafe ZSTD_freeCCtx(pointer) }
}

/// A libdeflate decompression state.
///
/// `@unchecked Sendable`: the state has no tie to a thread, and the pool hands it to one owner at a time.
@safe struct DeflateDecompressionContext: PooledContext, @unchecked Sendable {
    static let pool = ContextPool<Self>()
    let pointer: OpaquePointer

    init?() {
        guard let pointer = unsafe libdeflate_alloc_decompressor() else { return nil }
        unsafe self.pointer = pointer
    }

    func free() { unsafe libdeflate_free_decompressor(pointer) }
}
