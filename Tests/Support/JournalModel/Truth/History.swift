/// The log of the store as segments, and the truth after each effect.
struct History {
    private let log: StoreLog
    private(set) var segments: [StoredSegment] = []
    /// How many effects have been read.
    private(set) var count = 0
    private var truths: [Int: Truth] = [:]

    init(_ log: StoreLog) { self.log = log }

    /// Reads what was done to the store since the last call.
    ///
    /// - Returns: The segments that came.
    mutating func update() throws -> ArraySlice<StoredSegment> {
        let known = segments.count
        for entry in log.entries(from: count) {
            switch entry.effect {
            case .segment(let key, let bytes):
                segments.append(try StoredSegment(entry: count, actor: entry.actor, key: key, bytes: bytes))
            }
            count += 1
        }
        return segments[known...]
    }

    /// The truth after so many effects.
    mutating func truth(at moment: Int) -> Truth {
        if let truth = truths[moment] { return truth }
        let truth = Truth(segments.prefix { $0.entry < moment })
        truths[moment] = truth
        return truth
    }

    /// The truth after all effects.
    mutating func now() -> Truth { truth(at: count) }
}
