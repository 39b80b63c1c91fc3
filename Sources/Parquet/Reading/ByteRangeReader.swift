/// Something that parts of a file can be read from: a disk, an object store, memory.
public protocol ByteRangeReader: Sendable {
    /// Length of the file in bytes.
    var byteCount: Int { get }

    /// The bytes of each range, in that order; the ranges lie inside the file and do not overlap.
    ///
    /// Reading several at once is up to the implementation.
    func read(_ ranges: [Range<Int>]) async throws -> [[UInt8]]
}

/// A file in memory.
public struct MemoryByteRangeReader: ByteRangeReader {
    /// The file.
    public let bytes: [UInt8]

    /// Reads from `bytes`.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Length of the file in bytes.
    public var byteCount: Int { bytes.count }

    /// Copies of the ranges.
    public func read(_ ranges: [Range<Int>]) async throws -> [[UInt8]] { ranges.map { Array(bytes[$0]) } }
}
