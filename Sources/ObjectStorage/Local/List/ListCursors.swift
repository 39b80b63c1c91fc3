internal import Synchronization

/// The listings of a store that are between two pages, so that a page does not read its directories again.
///
/// Only an acceleration: a continuation says everything that is needed to go on without. A listing that nobody finishes
/// leaves the names in its directories, so only the latest are kept: at most eight, and no more than 16 MiB of them
/// besides the very latest.
final class ListCursors: Sendable {
    private struct Saved: Sendable {
        let id: UInt64
        let cursor: ListCursor
    }

    private let saved = Mutex<[Saved]>([])

    /// Takes the listing that a continuation belongs to.
    func take(_ id: UInt64) -> ListCursor? {
        saved.withLock { saved in
            guard let index = saved.firstIndex(where: { $0.id == id }) else { return nil }
            return saved.remove(at: index).cursor
        }
    }

    /// Keeps a listing, and returns the number to take it by.
    func save(_ cursor: ListCursor) -> UInt64 {
        let id = UInt64.random(in: 0...UInt64.max)
        saved.withLock { saved in
            var room = 16 << 20
            let kept = saved.suffix(7).reversed()
                .prefix {
                    room -= $0.cursor.byteCount
                    return room >= 0
                }
            saved = kept.reversed() + [Saved(id: id, cursor: cursor)]
        }
        return id
    }
}

extension LocalDirectory {
    /// What is on one page of a listing, and its continuation.
    ///
    /// A continuation is the number of the saved listing in base 36, a colon, and the position for when it is not there
    /// any more. The number keeps two listings apart that are at the same position: one that began earlier may not
    /// know objects that the other has to show.
    func planPage(_ options: ListOptions) throws -> (plan: ListPlan, continuation: String?) {
        var cursor: ListCursor
        if let continuation = options.continuation {
            let parts = continuation.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1)
            let rest = parts.count == 2 ? String(decoding: parts[1], as: UTF8.self) : continuation
            let position = try ListPosition(continuation: rest)
            let id = UInt64(String(decoding: parts[0], as: UTF8.self), radix: 36)
            let saved = id.flatMap { cursors.take($0) }
            cursor = try saved ?? ListCursor(options, at: position, root: root)
        } else {
            cursor = try ListCursor(options, at: ListPosition(options), root: root)
        }
        let (plan, end) = try cursor.nextPage(limit: options.boundedLimit)
        let continuation = end.map { String(cursors.save(cursor), radix: 36) + ":" + $0.continuation }
        return (plan, continuation)
    }

    /// Looks up what is on a part of a page.
    func lookUp(_ runs: [ListRun], keysOnly: Bool) throws -> [ObjectMetadata] {
        var objects: [ObjectMetadata] = []
        objects.reserveCapacity(runs.reduce(0) { $0 + $1.entries.count })
        for run in runs {
            if keysOnly { run.appendKeys(to: &objects) } else { try run.append(to: &objects) }
        }
        return objects
    }
}
