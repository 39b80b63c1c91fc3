internal import Synchronization

/// Checkpoints found in the footers of segments, so that a footer read for another reason need not be read again.
///
/// Segments never change. Memory: the oldest notes make room when there are many; those of a segment without
/// checkpoints, which is most of them, take some 40 bytes.
final class CheckpointNotes: Sendable {
    private struct State {
        var notes: [UUIDv7: [StreamCheckpoint]] = [:]
        var order: [UUIDv7] = []
    }
    private let state = Mutex(State())
    private static let most = 16_384

    /// What the footer of a segment has; `nil` when it was not read.
    subscript(batchID: UUIDv7) -> [StreamCheckpoint]? { state.withLock { $0.notes[batchID] } }

    /// Notes what the footer of a segment has.
    func note(_ checkpoints: [StreamCheckpoint], of batchID: UUIDv7) {
        state.withLock { state in
            guard state.notes.updateValue(checkpoints, forKey: batchID) == nil else { return }
            state.order.append(batchID)
            guard state.order.count > CheckpointNotes.most else { return }
            for old in state.order.prefix(CheckpointNotes.most / 2) { state.notes[old] = nil }
            state.order.removeFirst(CheckpointNotes.most / 2)
        }
    }
}

extension SegmentReader {
    /// The checkpoints in the footers of segments.
    ///
    /// Cost: none for segments read before, else what it takes to open them.
    ///
    /// - Parameter segments: Those of the catalog and of changes have none, and are passed over.
    /// - Returns: The latest of each shard.
    /// - Throws: ``JournalError``, by what is wrong with a segment or the store.
    func checkpoints(of segments: [Segment]) async throws -> StreamCheckpoints {
        let appended = segments.filter { !$0.isInCatalog && !$0.isChanges }
        let found = try await mapConcurrently(appended, limit: requests) { segment in
            guard let batchID = segment.batchID else { return [StreamCheckpoint]() }
            if let noted = notes[batchID] { return noted }
            let checkpoints = try await open(segment).checkpoints()
            notes.note(checkpoints, of: batchID)
            return checkpoints
        }
        var checkpoints = StreamCheckpoints()
        for checkpoint in found.joined() { checkpoints.add(checkpoint) }
        return checkpoints
    }
}
