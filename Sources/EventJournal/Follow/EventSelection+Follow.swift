internal import Parquet

extension EventSelection {
    /// What a follower gets of a batch; see ``FollowOptions/selection``.
    ///
    /// - Throws: As ``apply(to:)``.
    func arrivals(of batch: EventBatch) throws -> EventBatch {
        guard let operations = batch.operations else { return try apply(to: batch) }
        let candidates = operations.indices.filter { operations[$0] != .delete }
        let (selected, kept) = try select(from: batch.selecting(candidates))
        var isKept = Array(repeating: false, count: batch.count)
        for row in kept { isKept[candidates[row]] = true }
        let gone = operations.indices.filter { !isKept[$0] && operations[$0] != .put }
        var all = selected
        all.append(contentsOf: batch.selecting(gone).deleted())
        // Both parts ascend; put together they have to be merged again.
        let places = kept.map { candidates[$0] } + gone
        return all.selecting(places.indices.sorted { places[$0] < places[$1] })
    }
}

extension EventBatch {
    /// The rows as deletes of the same events.
    fileprivate func deleted() -> EventBatch {
        var batch = self
        batch.operations = Array(repeating: .delete, count: count)
        batch.payloads = .repeating([], count: count)
        return batch
    }
}
