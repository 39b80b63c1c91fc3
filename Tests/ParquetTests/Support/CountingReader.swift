import Parquet
import Synchronization

/// A file in memory that counts what is read of it.
final class CountingReader: ByteRangeReader {
    final class Counter: Sendable {
        private let value = Atomic<Int>(0)
        func add(_ count: Int) { value.add(count, ordering: .relaxed) }
        func load() -> Int { value.load(ordering: .relaxed) }
    }

    let bytes: [UInt8]
    let reads = Counter()
    let bytesRead = Counter()

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var byteCount: Int { bytes.count }

    func read(_ ranges: [Range<Int>]) async throws -> [[UInt8]] {
        reads.add(1)
        bytesRead.add(ranges.reduce(0) { $0 + $1.count })
        return ranges.map { Array(bytes[$0]) }
    }
}
