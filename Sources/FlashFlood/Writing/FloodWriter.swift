internal import ObjectStorage
internal import Parquet

/// Writes and removes journals of flash-flood, with their index.
struct FloodWriter: Sendable {
    let store: any MetadataObjectStore
    /// How many requests for index entries may be under way.
    let requests: Int

    /// Stores a journal: blob, index, manifest.
    ///
    /// The manifest comes last, so a journal that is listed is whole, index included.
    func write(_ draft: JournalDraft, _ name: JournalName, manifest: [UInt8]) async throws {
        try await store.put(name.blobKey, draft.blob, mode: .overwrite, metadata: ["journal_id": name.text])
        try await index(draft.ids, name)
        let metadata = ["number_of_events": "\(draft.count)", "journal_data_size": "\(draft.blob.count)"]
        try await store.put(name.manifestKey, manifest, mode: .overwrite, metadata: metadata)
    }

    /// Says of events which journal they are in.
    func index(_ ids: ByteArrays, _ name: JournalName) async throws {
        try await inParallel(ids.count) { row in
            let id = String(decoding: ids[row] ?? [], as: UTF8.self)
            try await store.put(
                FloodLayout.indexKey(id),
                [],
                mode: .overwrite,
                metadata: [FloodLayout.target: name.text]
            )
        }
    }

    /// Removes a journal, and what the index says of events that no other journal has taken over.
    ///
    /// The manifest goes last, so that who dies on the way finds the journal again.
    func remove(_ name: JournalName) async throws {
        let ids = try await FloodReader(store: store).manifest(of: name).ids
        try await inParallel(ids.count) { row in
            let id = String(decoding: ids[row] ?? [], as: UTF8.self)
            let key = FloodLayout.indexKey(id)
            do {
                guard try await store.metadata(of: key, named: FloodLayout.target) == name.text else { return }
            } catch let error as ObjectStoreError where error.code == .notFound {
                return
            }
            try await store.delete(key)
            try await store.delete(FloodLayout.indexKey(id + FloodLayout.lastCharacter))
        }
        try await store.delete(name.blobKey)
        try await store.delete(name.manifestKey)
    }

    /// Makes flash-flood find events whose id others begin with.
    ///
    /// It takes the last key of the index that begins with an id for that id's entry, so of `a` and `ab` it would never
    /// find `a`. An entry `a` and U+10FFFF, which is behind all others, leads it right. The index is read in the order
    /// in which it is listed, as flash-flood reads it.
    func separateIDs() async throws {
        var previous: String?
        var listing = store.listAll(prefix: FloodLayout.index, keysOnly: true).makeAsyncIterator()
        while let page = try await listing.nextPage() {
            var hidden: [String] = []
            for object in page {
                if let previous, let id = FloodWriter.id(of: previous),
                    !id.utf8.suffix(4).elementsEqual(FloodLayout.lastCharacter.utf8),
                    ObjectKey.hasPrefix(object.key, FloodLayout.index + id)
                {
                    hidden.append(id)
                }
                previous = object.key
            }
            let ids = hidden
            try await inParallel(ids.count) { number in
                let key = FloodLayout.indexKey(ids[number])
                guard let target = try await store.metadata(of: key, named: FloodLayout.target) else { return }
                try await store.put(
                    FloodLayout.indexKey(ids[number] + FloodLayout.lastCharacter),
                    [],
                    mode: .overwrite,
                    metadata: [FloodLayout.target: target]
                )
            }
        }
    }

    /// The event that a key of the index is about; `nil` when it is none of ours.
    private static func id(of key: String) -> String? {
        let tail = "--0000000001".utf8
        let rest = key.utf8.dropFirst(FloodLayout.index.utf8.count)
        guard rest.count > tail.count, rest.suffix(tail.count).elementsEqual(tail) else { return nil }
        return String(decoding: rest.dropLast(tail.count), as: UTF8.self)
    }

    private func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                if number >= requests { try await group.next() }
                group.addTask { try await body(number) }
            }
            try await group.waitForAll()
        }
    }
}
