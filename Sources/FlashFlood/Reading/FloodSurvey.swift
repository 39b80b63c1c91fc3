internal import ObjectStorage

/// What a flash-flood consists of now: its live journals, and the changes that wait to be applied to them.
///
/// Memory: some 200 bytes for each live journal, pending change, and deletion that was ever asked for and is still
/// listed.
struct FloodSurvey: Sendable {
    /// A live journal.
    struct Entry: Sendable {
        var name: JournalName
        /// The bytes of its manifest.
        var manifestBytes: UInt64
        /// When its manifest was written, by the store's clock.
        var written: Int64
    }

    /// A deletion that was asked for, whether it was applied or not.
    struct Deletion: Sendable {
        var change: PendingChange
        /// When it was asked for, by the store's clock.
        var written: Int64
    }

    /// The live journals, the one written last first: of an event that two have, as after a crash of flash-flood's, the
    /// first one is right.
    var journals: [Entry] = []
    /// The last change of each event, by the name of its journal and the event's id.
    var changes: [String: [[UInt8]: PendingChange]] = [:]
    /// All deletions by the event's id, those that were applied too.
    ///
    /// Where flash-flood died while it combined journals, an old one may be alive beside the combined one; a later
    /// deletion is applied to the combined one alone, and the old one still has the event.
    var deletions: [[UInt8]: [Deletion]] = [:]
    /// Changes of journals that are gone: flash-flood combined those meanwhile, with the changes or without.
    var orphanedChanges = 0
    /// Keys in the folders of journals and changes that are neither.
    var strangers: [String] = []
    /// Whether there are journals, dead or alive.
    var hasJournals = false

    /// Lists a flash-flood: one request per 1000 objects in its folders of journals and changes.
    ///
    /// Changes are listed first: one that is applied meanwhile is then found twice rather than not at all.
    init(of store: any ObjectStore) async throws {
        var pending: [PendingChange] = []
        let all = try await FloodSurvey.live(FloodLayout.changes, in: store, keepsDead: true)
        for object in all.live {
            if let change = PendingChange(key: object.key) {
                pending.append(change)
            } else {
                strangers.append(object.key)
            }
        }
        for object in all.live + all.dead {
            guard let change = PendingChange(key: object.key), change.isDeletion else { continue }
            deletions[change.event, default: []].append(Deletion(change: change, written: object.lastModified))
        }
        let found = try await FloodSurvey.live(FloodLayout.journals, in: store)
        hasJournals = found.tombstones > 0
        for object in found.live {
            let text = String(decoding: object.key.utf8.dropFirst(FloodLayout.journals.utf8.count), as: UTF8.self)
            if let name = JournalName(text) {
                journals.append(Entry(name: name, manifestBytes: object.size, written: object.lastModified))
            } else {
                strangers.append(object.key)
            }
        }
        hasJournals = hasJournals || !journals.isEmpty
        journals.sort(by: FloodSurvey.precedes)
        let names = Set(journals.lazy.map(\.name.text))
        for change in pending {
            guard names.contains(change.journal) else {
                orphanedChanges += 1
                continue
            }
            let earlier = changes[change.journal]?[change.event]
            if let earlier, FloodSurvey.isLater(earlier, than: change) { continue }
            changes[change.journal, default: [:]][change.event] = change
        }
    }

    /// Versions are times, the latest first; what was never combined comes last, in order of time.
    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        if left.name.isNew != right.name.isNew { return right.name.isNew }
        if left.name.version != right.name.version { return left.name.version > right.name.version }
        return left.name.text < right.name.text
    }

    /// By time, and of changes of one moment by name, as flash-flood lists them.
    private static func isLater(_ left: PendingChange, than right: PendingChange) -> Bool {
        left.time != right.time ? left.time > right.time : ObjectKey.precedes(right.key, left.key)
    }

    /// The objects of a folder that have no tombstone beside them.
    ///
    /// Nothing is assumed of the order of the listing; where it is that of the keys, a dead object is forgotten at
    /// once, unless it is to be kept.
    private static func live(
        _ folder: String,
        in store: any ObjectStore,
        keepsDead: Bool = false
    ) async throws -> (live: [ObjectMetadata], dead: [ObjectMetadata], tombstones: Int) {
        var count = 0
        var dead: [ObjectMetadata] = []
        var live: [[UInt8]: ObjectMetadata] = [:]
        var tombstones: Set<[UInt8]> = []
        var listing = store.listAll(prefix: folder).makeAsyncIterator()
        while let page = try await listing.nextPage() {
            for object in page {
                if let key = object.key.utf8.withoutTombstone {
                    count += 1
                    if let found = live.removeValue(forKey: key) {
                        if keepsDead { dead.append(found) }
                    } else {
                        tombstones.insert(key)
                    }
                } else {
                    let key = Array(object.key.utf8)
                    if tombstones.remove(key) == nil {
                        live[key] = object
                    } else if keepsDead {
                        dead.append(object)
                    }
                }
            }
        }
        return (Array(live.values), dead, count)
    }
}
