internal import ObjectStorage

/// The time by the clock of the store, which is the same for all processes.
///
/// What a process writes is dated by the store. So how old an object is can be told only by comparing its date with
/// that of an object written just now: an empty one, always the same.
struct StoreClock: Sendable {
    let store: any ObjectStore

    /// The object that is written to learn the time.
    static let key = "_clock"

    /// Milliseconds since 1970 UTC.
    ///
    /// Cost: one put of an empty object.
    ///
    /// - Throws: ``JournalError/Code/storage``.
    func now() async throws -> Int64 {
        do {
            return try await store.put(StoreClock.key, [], mode: .overwrite).lastModified / 1000
        } catch {
            let what = "Asking \(store.location) for its time, by writing \(StoreClock.key), failed"
            throw JournalError.wrapping(error, what, object: StoreClock.key)
        }
    }
}
