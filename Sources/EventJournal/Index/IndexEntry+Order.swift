extension IndexEntry {
    /// Below this the comparing sort of the standard library is as fast.
    private static let fewestForRadix = 1024
    private static let digitBits: UInt64 = 12
    private static let digits = 1 << 12

    /// Sorts by hash, then by timestamp.
    ///
    /// - Complexity: O(n) for hashes that are spread, O(n log n) for entries that share a hash; 16 bytes of scratch an
    ///   entry.
    static func sort(_ entries: inout [IndexEntry]) {
        guard entries.count >= fewestForRadix else { return entries.sort() }
        var scratch = entries
        // Least significant digit first: four passes of 12 bits over the 48 that a hash has, back and forth.
        for pass in 0..<UInt64(2) {
            distribute(from: &entries, to: &scratch, shift: 16 + pass * 2 * digitBits)
            distribute(from: &scratch, to: &entries, shift: 16 + (pass * 2 + 1) * digitBits)
        }
        sortTimestamps(&entries)
    }

    private static func distribute(from source: inout [IndexEntry], to target: inout [IndexEntry], shift: UInt64) {
        var starts = [Int](repeating: 0, count: digits)
        unsafe source.withUnsafeBufferPointer { source in
            for index in source.indices { unsafe starts[Int(source[index].hash >> shift) & (digits - 1)] += 1 }
            var sum = 0
            for digit in 0..<digits {
                let count = starts[digit]
                starts[digit] = sum
                sum += count
            }
            // The starts are sums of what was counted above, so every place is inside the target, which is as long.
            unsafe target.withUnsafeMutableBufferPointer { target in
                unsafe starts.withUnsafeMutableBufferPointer { starts in
                    for index in source.indices {
                        let entry = unsafe source[index]
                        let digit = Int(entry.hash >> shift) & (digits - 1)
                        unsafe target[starts[digit]] = entry
                        unsafe starts[digit] += 1
                    }
                }
            }
        }
    }

    /// Orders the timestamps of entries that are in order of hash.
    private static func sortTimestamps(_ entries: inout [IndexEntry]) {
        var start = 0
        while start < entries.count {
            var end = start + 1
            while end < entries.count, entries[end].hash == entries[start].hash { end += 1 }
            if end - start > 1 { entries[start..<end].sort() }
            start = end
        }
    }

    /// Merges sorted slices into one sorted array; entries that are equal all stay.
    ///
    /// - Complexity: O(n log k) for k slices.
    static func merge(_ slices: [ArraySlice<IndexEntry>]) -> [IndexEntry] {
        var level = slices.filter { !$0.isEmpty }
        while level.count > 1 {
            var next: [ArraySlice<IndexEntry>] = []
            for index in stride(from: 0, to: level.count, by: 2) {
                next.append(index + 1 < level.count ? merge(level[index], level[index + 1])[...] : level[index])
            }
            level = next
        }
        return level.first.map { Array($0) } ?? []
    }

    private static func merge(_ left: ArraySlice<IndexEntry>, _ right: ArraySlice<IndexEntry>) -> [IndexEntry] {
        let count = left.count + right.count
        return unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                unsafe [IndexEntry](unsafeUninitializedCapacity: count) { output, initializedCount in
                    var (leftIndex, rightIndex) = (0, 0)
                    for place in 0..<count {
                        let takesLeft =
                            unsafe rightIndex == right.count
                            || leftIndex < left.count && !(right[rightIndex] < left[leftIndex])
                        if takesLeft {
                            unsafe output.initializeElement(at: place, to: left[leftIndex])
                            leftIndex += 1
                        } else {
                            unsafe output.initializeElement(at: place, to: right[rightIndex])
                            rightIndex += 1
                        }
                    }
                    initializedCount = count
                }
            }
        }
    }

    /// How many of the entries, which are sorted, are not above a limit.
    static func count(in entries: ArraySlice<IndexEntry>, upTo limit: IndexEntry) -> Int {
        var low = entries.startIndex
        var high = entries.endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if limit < entries[middle] { high = middle } else { low = middle + 1 }
        }
        return low - entries.startIndex
    }
}
