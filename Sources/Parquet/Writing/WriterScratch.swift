internal import Synchronization

/// The memory and states that writing a chunk takes, kept from file to file.
///
/// `@unchecked Sendable`: a pool hands it to one writer at a time, which never shares it.
final class WriterScratch: @unchecked Sendable {
    /// What the caller has not taken yet.
    var output = CompactWriter()
    /// The page under construction.
    var page = PageBuffer()
    /// The page once compressed.
    var compressed = PageBuffer()
    /// The dictionary page once compressed.
    var compressedDictionary = PageBuffer()
    /// Finds distinct values.
    var dictionary = DictionaryBuilder()

    /// Idle ones; as many are kept as threads may write at once.
    private static let idle = Mutex<[WriterScratch]>([])
    private static var idleLimit: Int { 16 }
    /// What an idle buffer may keep, so that one huge page does not hold memory for ever.
    private static var byteLimit: Int { 4 << 20 }

    /// An idle one or a new one.
    static func take() -> WriterScratch { idle.withLock { $0.popLast() } ?? WriterScratch() }

    /// Ends the use of one.
    static func give(back scratch: WriterScratch) {
        scratch.output.bytes.removeAll()
        scratch.output.bytes.shrink(to: byteLimit)
        scratch.page.shrink(to: byteLimit)
        scratch.compressed.shrink(to: byteLimit)
        scratch.compressedDictionary.shrink(to: byteLimit)
        scratch.dictionary.shrink(to: byteLimit)
        idle.withLock { idle in
            if idle.count < idleLimit { idle.append(scratch) }
        }
    }
}
