internal import Parquet

extension EventBatch {
    /// The batch with the first event of each id, and how many others it had.
    func firstOfEachID() -> (batch: EventBatch, repeated: Int) {
        guard count > 1 else { return (self, 0) }
        let repeated = HashedIDs(ids).indexed().repeated
        return repeated.isEmpty ? (self, 0) : (selecting((0..<count).without(repeated)), repeated.count)
    }
}

extension Range<Int> {
    /// The numbers that are not among `others`, which ascend.
    func without(_ others: [Int]) -> [Int] {
        var kept: [Int] = []
        kept.reserveCapacity(Swift.max(0, count - others.count))
        var next = 0
        for number in self {
            if next < others.count, others[next] == number { next += 1 } else { kept.append(number) }
        }
        return kept
    }
}

extension ByteArrays {
    /// Whether two values have the same bytes.
    func isEqual(at row: Int, to other: ByteArrays, at otherRow: Int) -> Bool {
        unsafe withBytes(at: row) { bytes in
            unsafe other.withBytes(at: otherRow) { otherBytes in
                unsafe bytes.count == otherBytes.count && bytes.elementsEqual(otherBytes)
            }
        }
    }

    /// Adds the other column's buffers and returns the number of the first.
    mutating func share(_ other: ByteArrays) -> UInt32 {
        let base = UInt32(buffers.count)
        for buffer in other.buffers { _ = addBuffer(buffer) }
        return base
    }
}

extension ByteView {
    /// The same bytes where the buffers of their column begin at another number.
    func rebased(_ base: UInt32) -> ByteView {
        isNull ? self : ByteView(buffer: buffer + base, offset: offset, length: length)
    }
}
