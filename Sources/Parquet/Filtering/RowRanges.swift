/// Operations on sets of rows, held as ascending ranges that neither overlap nor touch.
enum RowRanges {
    /// The rows in both sets.
    static func intersection(_ left: [Range<Int>], _ right: [Range<Int>]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var (first, second) = (0, 0)
        while first < left.count, second < right.count {
            let common = left[first].clamped(to: right[second])
            if !common.isEmpty { result.append(common) }
            if left[first].upperBound < right[second].upperBound { first += 1 } else { second += 1 }
        }
        return result
    }

    /// The rows in any of some ranges.
    static func union(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = result.last, range.lowerBound <= last.upperBound {
                result[result.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }
}
