internal import Parquet

extension EventBatch {
    /// The batch with the first event of each id, and how many others it had.
    ///
    /// - Complexity: O(n) expected; ids are compared where hashes agree.
    func firstOfEachID() -> (batch: EventBatch, repeated: Int) {
        guard count > 1 else { return (self, 0) }
        var repeated: Set<Int> = []
        _ = ids.indexed { repeated.insert($0) }
        if repeated.isEmpty { return (self, 0) }
        return (selecting((0..<count).filter { !repeated.contains($0) }), repeated.count)
    }
}

extension ByteArrays {
    /// An index of the values by hash, in which each value stands once.
    ///
    /// - Parameter repeated: Called with the place of each value that an earlier one equals.
    func indexed(repeated: (Int) -> Void = { _ in }) -> IdentifierIndex {
        var index = IdentifierIndex(capacity: count)
        for row in 0..<count {
            let hash = unsafe withBytes(at: row) { unsafe BloomFilter.hash($0) }
            guard index.insert(hash: hash, row: UInt32(row)) != nil else { continue }
            if index.candidates(hash: hash).contains(where: { isEqual(at: Int($0), to: self, at: row) }) {
                repeated(row)
            } else {
                index.addCollision(hash: hash, row: UInt32(row))
            }
        }
        return index
    }

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
