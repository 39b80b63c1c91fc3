internal import EventJournal
internal import ObjectStorage

/// Where an engine finds the files of a journal's tables, which it is told before anybody knows which it will read.
struct JournalPlace {
    /// The path that stands for the journal in scripts.
    let root: String
    /// Where those of a journal on another machine are put.
    let cached: CachedSegments?

    /// Finds the places of journals.
    ///
    /// The engine takes `*` and the like in a path for a pattern; a link stands for whatever the directory is called.
    ///
    /// - Parameters:
    ///   - journals: The journals.
    ///   - cache: For those on other machines.
    ///   - scratch: Where links go.
    /// - Returns: The place of each.
    /// - Throws: ``SQLError``.
    static func find(
        _ journals: [Journal],
        _ cache: SegmentCache,
        _ scratch: ScratchDirectory
    ) throws(SQLError) -> [JournalPlace] {
        var places: [JournalPlace] = []
        for (number, journal) in journals.enumerated() {
            let name = "journal\(number)"
            let root = "\(scratch.path)/\(name)"
            if journal.objects is LocalObjectStore {
                try scratch.replaceLink(name, with: journal.location)
                places.append(JournalPlace(root: root, cached: nil))
            } else {
                let cached = try CachedSegments(in: cache)
                try scratch.replaceLink(name, with: cached.path)
                places.append(JournalPlace(root: root, cached: cached))
            }
        }
        return places
    }

    /// The paths of the files that objects of the journal are, or may come to be.
    func paths(_ keys: [String]) -> [String] {
        keys.enumerated().map { index, key in "\(root)/\(cached == nil ? key : CachedSegments.name(index))" }
    }
}
