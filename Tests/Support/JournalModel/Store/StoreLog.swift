import EventJournal
import ObjectStorage
import ObjectStorageTesting
import Synchronization

/// What took effect on the store, in order: the ground under the model.
///
/// It lies below the faults, so an effect whose answer was lost is in it. An effect is noted before its request
/// returns.
final class StoreLog: Sendable {
    /// One effect.
    struct Entry: Sendable {
        /// Whose request it was.
        var actor: Int
        var effect: Effect
    }

    /// What was done to the store.
    enum Effect: Sendable {
        /// An object was put into the inbox.
        case segment(key: String, bytes: [UInt8])
        /// A version of the catalog came to be.
        case commit(key: String, bytes: [UInt8])
    }

    private let entries = Mutex<[Entry]>([])
    /// Lets one effect at a time be made and noted, so that what follows from an effect is not noted ahead of it.
    let gate = AsyncGate()

    /// How many effects there were so far.
    var count: Int { entries.withLock { $0.count } }

    /// Effects from a number on.
    func entries(from start: Int) -> [Entry] { entries.withLock { Array($0[start...]) } }

    func append(_ entry: Entry) { entries.withLock { $0.append(entry) } }
}

/// A store that notes in a log what one actor does to it.
struct LoggingObjectStore: ForwardingObjectStore {
    let base: any ObjectStore
    let log: StoreLog
    let marked: MarkedStates
    let actor: Int

    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try await log.gate.pass { try await putAndNote(key, bytes, mode: mode) }
    }

    private func putAndNote(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        let metadata = try await base.put(key, bytes, mode: mode)
        if key.hasPrefix("_inbox/"), key.hasSuffix(".parquet") {
            log.append(StoreLog.Entry(actor: actor, effect: .segment(key: key, bytes: bytes)))
        } else if key.hasPrefix("_delta_log/"), key.hasSuffix(".json") {
            log.append(StoreLog.Entry(actor: actor, effect: .commit(key: key, bytes: bytes)))
        } else if key.hasPrefix("_marks/"), let state = MarkedStates.state {
            marked.keep(state, with: metadata.entityTag)
        }
        return metadata
    }
}
