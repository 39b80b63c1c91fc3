internal import EventJournal

/// How much of a range is behind a moment, from what segments say of themselves: as if the events of each were spread
/// evenly between its first and its last.
struct RangeEstimate: Sendable {
    private let segments: [(first: Double, last: Double, events: Double)]
    private let after: Double
    private let total: Double

    init(_ segments: [Segment], after: Timestamp?, through: Timestamp?) {
        let low = Double((after ?? .min).microseconds)
        let high = Double((through ?? .max).microseconds)
        self.after = low
        self.segments = segments.map { segment in
            (Double(segment.first.microseconds), Double(segment.last.microseconds), Double(segment.events))
        }
        total = RangeEstimate.events(of: self.segments, from: low, through: high)
    }

    /// From 0 to 1.
    func fraction(through moment: Int64) -> Double {
        guard total > 0 else { return 1 }
        let fraction = RangeEstimate.events(of: segments, from: after, through: Double(moment)) / total
        return min(max(fraction, 0), 1)
    }

    private static func events(
        of segments: [(first: Double, last: Double, events: Double)],
        from low: Double,
        through high: Double
    ) -> Double {
        segments.reduce(0) { sum, segment in
            let (first, last) = (max(segment.first, low), min(segment.last, high))
            if first > last { return sum }
            let span = segment.last - segment.first
            return sum + (span > 0 ? segment.events * (last - first) / span : segment.events)
        }
    }
}
