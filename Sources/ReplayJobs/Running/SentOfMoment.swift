internal import EventJournal

/// Tells which events of the moment at which a job stopped were sent.
///
/// As long as all ids are known, those were. Else: those whose ids are known, those of earlier appends, and the first
/// so many of the append that had its turn, if they are the ones that were sent. If they are not, since one of them was
/// deleted or updated or the rows changed places, it throws ``Changed`` before anything behind them is told of; the
/// replay then begins anew and takes only those for sent whose ids are known. So nothing is left out that was not sent,
/// but what arrived late with a batch id before that append's.
struct SentOfMoment {
    /// What was sent of an append is not what is there.
    struct Changed: Error {}

    private let position: JobPosition
    private let known: Set<UInt64>
    /// Whether what was sent of the append is looked for in its place.
    private let trustsPlaces: Bool
    private var count = 0
    private var sum: UInt64 = 0

    init(_ position: JobPosition, trustsPlaces: Bool) {
        self.position = position
        self.trustsPlaces = trustsPlaces
        known = Set(position.sent)
    }

    /// Whether an event was sent; to be asked of all events of the moment in their order.
    ///
    /// - Parameters:
    ///   - hash: Of its id.
    ///   - id: The batch id of the append that it arrived with.
    /// - Returns: Whether it is to be left out.
    /// - Throws: ``Changed``.
    mutating func contains(_ hash: UInt64, of id: UUIDv7?) throws(Changed) -> Bool {
        let isKnown = known.contains(hash)
        guard !position.isWhole, let append = position.append, let id else { return isKnown }
        if id < append.id { return true }
        if id > append.id { try finish() }
        guard id == append.id, trustsPlaces, count < append.count else { return isKnown }
        count += 1
        sum &+= hash
        if count == append.count, sum != append.sum { throw Changed() }
        return true
    }

    /// To be called behind the moment.
    ///
    /// - Throws: ``Changed``.
    func finish() throws(Changed) {
        if !position.isWhole, trustsPlaces, count < position.append?.count ?? 0 { throw Changed() }
    }
}
