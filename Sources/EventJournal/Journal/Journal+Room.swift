internal import ObjectStorage

extension Journal {
    /// What the keys of a journal's own objects begin with; those of archivers and replay jobs too.
    private static let ownPrefixes = [
        Segment.inbox, Segment.folder, IndexRun.folder, AppliedChanges.folder, FollowMark.folder, StoreClock.key, log,
        "_replays/", "_streams/",
    ]
    private static let log = "_delta_log/"

    /// Refuses to begin a journal where there are other objects, and nothing of a journal.
    ///
    /// Hidden files at the top are nobody's data, such as those that file managers leave.
    ///
    /// Asked where there is no segment in the inbox. Cost: a list request for one key, another where that is hidden,
    /// and one before it refuses, since of a compacted journal only the log may be left in front of other things.
    ///
    /// - Throws: ``JournalError/Code/occupied`` that names an object; ``JournalError/Code/storage``.
    func requireRoom() async throws {
        guard let key = try await firstVisibleKey(),
            !Journal.ownPrefixes.contains(where: key.hasPrefix),
            try await firstKey(Journal.log) == nil
        else { return }
        throw JournalError(
            .occupied,
            "\(location) has no journal but other objects, such as \(ObjectKey.quoted(key)); one that began among them could not "
                + "be told from them. Name a directory or prefix that is empty or not there yet, for instance one inside.",
            object: key
        )
    }

    /// The first object whose key does not begin with a period; `nil` when there is none.
    private func firstVisibleKey() async throws -> String? {
        let key = try await firstKey("")
        guard key?.utf8.first == UInt8(ascii: ".") else { return key }
        // No key begins with a slash, which follows the period.
        return try await firstKey("", after: "/")
    }

    /// The first object whose key begins so; `nil` when there is none.
    private func firstKey(_ prefix: String, after: String? = nil) async throws -> String? {
        var options = ListOptions(prefix: prefix, limit: 1, keysOnly: true)
        options.startAfter = after
        do {
            while true {
                // A page may be empty where the place holds what is no object of ours, such as the mark of a folder.
                let page = try await store.list(options)
                if let key = page.objects.first?.key { return key }
                guard let next = page.continuation else { return nil }
                options.continuation = next
            }
        } catch {
            throw JournalError.wrapping(error, "\(location) cannot be listed")
        }
    }
}
