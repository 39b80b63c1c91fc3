/// What arrives in a journal, for ever or until everything was delivered.
///
/// Order is that of arrival. A follower that begins gets the whole journal first, in the order of replay. Then, look by
/// look, it gets what is new: segments by batch id and row; what a compaction has absorbed before the follower came by,
/// deletes first and then events in the order of replay.
///
/// What is delivered is the difference between two looks. Of duplicates of an id the one that counts is delivered; a
/// version that was superseded, and an event that was deleted, before the follower came by are left out. Who stores
/// each row of put and update under its id, and forgets the id of each delete, has what a replay has. An update, or a
/// delete, may be of an event that was never delivered; a put never is of an id that was delivered and not deleted
/// since.
///
/// Each batch carries a ``FollowPosition``. Going on from one that was kept repeats nothing that came up to it and
/// misses nothing behind it, however long ago that was, as long as the catalog's log goes back so far. What was handed
/// out behind it comes again, or, if it was deleted meanwhile, its delete.
///
/// Memory: that of a replay, and 40 bytes for each segment in the inbox.
public struct Follow: AsyncSequence, Sendable {
    /// What is delivered.
    public typealias Element = FollowBatch

    let journal: Journal
    let start: FollowStart
    let options: FollowOptions

    /// Begins to follow.
    public func makeAsyncIterator() -> Iterator {
        Iterator(follower: Follower(journal, from: start, options: options))
    }

    /// Delivers batches.
    public struct Iterator: AsyncIteratorProtocol {
        let follower: Follower

        /// The next batch; waits for it.
        ///
        /// `nil` only with ``FollowOptions/untilCaughtUp``. After `nil`, or an error, it may be asked again: it goes on
        /// behind what was delivered last.
        ///
        /// - Throws: `CancellationError` at once when the task is cancelled; ``JournalError/Code/positionExpired``;
        ///   what ``Journal/replay(after:through:options:)`` throws.
        public mutating func next() async throws -> FollowBatch? { try await follower.next() }
    }
}

extension Journal {
    /// What arrives, from a position on.
    ///
    /// Cost: one list request for each look that finds nothing, the first after ``FollowOptions/shortestInterval`` and
    /// then ever later up to ``FollowOptions/longestInterval``; an append by this very ``Journal`` is noticed at once.
    /// What is found is read once.
    ///
    /// - Parameters:
    ///   - start: Where to begin.
    ///   - options: Whether to end, how long to wait, what to do about damage.
    /// - Returns: A sequence of batches; each iteration begins anew at `start`.
    public func follow(from start: FollowStart = .beginning, options: FollowOptions = FollowOptions()) -> Follow {
        Follow(journal: self, start: start, options: options)
    }
}
