/// Where things are under the prefix of a flash-flood, as its version 0.4.3 lays them out.
enum FloodLayout {
    /// Manifests: `journals/START--END--VERSION--BLOB`.
    static let journals = "journals/"
    /// Payloads end to end: `blobs/BLOB`.
    static let blobs = "blobs/"
    /// Pending changes: `update/REVERSED-JOURNAL--EVENT--TIME--ACTION`.
    static let changes = "update/"
    /// Which journal an event is in: `index/EVENT--REVISION`, the journal in the metadata.
    static let index = "index/"
    /// Beside a key: the object of that key is dead.
    static let tombstone = ".dead"
    /// Between the parts of a name; no event id may hold it.
    static let delimiter = "--"
    /// The version of a journal that was not combined yet.
    static let newVersion = "new"
    /// The metadata of an index entry that has the journal's name.
    static let target = "target"
    /// The version of journals that we write: a time, and earlier than any that flash-flood gives a later version of
    /// one.
    ///
    /// So journals of ours are known by it, and the same events make the same name.
    static let exportVersion = "1970-01-01T000000.000000Z"
    /// Behind an id: sorts after whatever else may follow.
    static let lastCharacter = "\u{10FFFF}"
    /// Key of an index entry of revision 1; flash-flood counts revisions up from there, in ten digits.
    static func indexKey(_ event: String) -> String { index + event + delimiter + "0000000001" }
}

extension Sequence<UInt8> {
    /// The key without the tombstone's suffix, if it has one.
    var withoutTombstone: [UInt8]? {
        let bytes = Array(self)
        let suffix = FloodLayout.tombstone.utf8
        guard bytes.count > suffix.count, bytes.suffix(suffix.count).elementsEqual(suffix) else { return nil }
        return Array(bytes.dropLast(suffix.count))
    }
}
