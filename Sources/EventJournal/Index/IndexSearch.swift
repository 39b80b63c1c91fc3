/// Narrows down which pages of a run can have a hash: by interpolation, since hashes are spread evenly.
///
/// A value without I/O: ``window(sigmas:)`` says which pages to read, ``narrow(_:_:)`` takes what they answered.
struct IndexSearch: Sendable {
    let hash: UInt64
    /// Pages that may have the hash; those before have lower hashes only, those behind have higher ones only.
    private var candidates: Range<Int>
    /// The highest hash before the candidates, and the lowest one behind them.
    private var lowHash: UInt64
    private var highHash: UInt64
    /// How many entries the run has; its last page may have few.
    private let entries: Int
    private var attempts = 0
    /// Pages to read again with more around them, after entries with the hash reached beyond them.
    private var widened: Range<Int>?

    /// Reads before interpolation is given up for halving, which ends whatever the hashes are like.
    private static let mostInterpolations = 3
    /// 64 KiB.
    private static let halvingPages = 16

    init(_ hash: UInt64, in run: IndexRun) {
        self.hash = hash
        candidates = run.covers(hash) ? 0..<run.layout.pageCount : 0..<0
        lowHash = run.lowHash
        highHash = run.highHash
        entries = run.entries
    }

    /// Whether no page can have the hash.
    var isExhausted: Bool { candidates.isEmpty }

    /// The pages to read: those where the hash is by interpolation, and a margin.
    ///
    /// The number of hashes below one of `n` that are spread evenly is distributed binomially: with four standard
    /// deviations on either side one search in 15,000 has to read again, with five one in 1.7 million, with six one in
    /// 500 million.
    func window(sigmas: Double) -> Range<Int> {
        if let widened { return widened }
        if attempts >= IndexSearch.mostInterpolations {
            let middle = (candidates.lowerBound + candidates.upperBound) / 2
            let start = max(candidates.lowerBound, middle - IndexSearch.halvingPages / 2)
            return start..<min(candidates.upperBound, start + IndexSearch.halvingPages)
        }
        let perPage = Double(IndexLayout.entriesPerPage)
        let end = min(candidates.upperBound * IndexLayout.entriesPerPage, entries)
        let count = Double(end - candidates.lowerBound * IndexLayout.entriesPerPage)
        let share = highHash > lowHash ? min(1, Double(hash &- lowHash) / Double(highHash - lowHash)) : 0.5
        let margin = sigmas * (count * share * (1 - share)).squareRoot() + 2
        let first = Int(max(0, count * share - margin) / perPage)
        let last = Int(min(count - 1, count * share + margin) / perPage)
        let lower = candidates.lowerBound
        return (lower + min(first, candidates.count - 1))..<(lower + min(max(first, last), candidates.count - 1) + 1)
    }

    /// Takes in what pages said that did not have the whole answer.
    ///
    /// - Parameters:
    ///   - answer: What they said; ``IndexPages/Answer/complete(_:)`` ends the search.
    ///   - pages: Which pages.
    mutating func narrow(_ answer: IndexPages.Answer, _ pages: Range<Int>) {
        attempts += 1
        widened = nil
        switch answer {
        case .complete: candidates = 0..<0
        case .before(let lowest):
            candidates = candidates.lowerBound..<max(candidates.lowerBound, pages.lowerBound)
            highHash = lowest
        case .behind(let highest):
            candidates = min(candidates.upperBound, pages.upperBound)..<candidates.upperBound
            lowHash = highest
        case .beyond:
            let more = max(pages.count, 4)
            widened =
                max(
                    candidates.lowerBound,
                    pages.lowerBound - more
                )..<min(candidates.upperBound, pages.upperBound + more)
        }
    }
}
