internal import CloudSupport
internal import EventJournal
internal import ObjectStorage

/// Reads and changes the ledger of a stream, by compare-and-swap.
struct LedgerStore: Sendable {
    let store: any ObjectStore
    let stream: String
    let time: JournalTime
    /// Makes names that nobody else has.
    let freshName: @Sendable () -> String

    static let folder = "_streams/"
    static let suffix = "/ledger.json"
    private static let longestObject = 256 << 20
    private static let mostAttempts = 40

    /// The object.
    var key: String { LedgerStore.folder + PercentEncoding.encode(stream) + LedgerStore.suffix }

    /// The stream whose ledger an object is; `nil` when it is none.
    static func stream(of key: String) -> String? {
        guard key.hasPrefix(folder), key.hasSuffix(suffix) else { return nil }
        return PercentEncoding.decode(key.dropFirst(folder.count).dropLast(suffix.count))
    }

    /// The ledger as it is; an empty one when there is none.
    ///
    /// One get.
    ///
    /// - Throws: ``ArchiveError/Code/damagedLedger``, or what the store throws.
    func read() async throws -> Ledger { try await fetch()?.ledger ?? Ledger() }

    private func fetch() async throws -> (ledger: Ledger, bytes: [UInt8], entityTag: String)? {
        guard let found = try await store.getIfPresent(key, upTo: LedgerStore.longestObject) else { return nil }
        let ledger = try Ledger(found.bytes, object: "\(key) in \(store.location)")
        return (ledger, found.bytes, found.metadata.entityTag)
    }

    /// Changes the ledger, again and again until nobody comes in between.
    ///
    /// Cost: a get and a put, and both again for each time somebody else was first.
    ///
    /// - Parameter change: Makes the change of what is there; may be called several times, of which the last counts.
    /// - Returns: What the change returned that took effect.
    /// - Throws: ``ArchiveError``, what `change` throws, or what the store throws.
    func update<Value: Sendable>(_ change: @Sendable (inout Ledger) throws -> Value) async throws -> Value {
        for attempt in 0..<LedgerStore.mostAttempts {
            let found = try await fetch()
            var ledger = found?.ledger ?? Ledger()
            let value = try change(&ledger)
            if let found, found.ledger == ledger { return value }
            let bytes = ledger.json(stream: stream, nonce: freshName())
            do {
                try await store.put(key, bytes, mode: found.map { .ifMatches(entityTag: $0.entityTag) } ?? .ifAbsent)
                return value
            } catch let error as ObjectStoreError {
                // A lost answer, or a request made twice, may hide that we were first; the nonce tells.
                if try await fetch()?.bytes == bytes { return value }
                guard [.alreadyExists, .preconditionFailed, .notFound].contains(error.code) else { throw error }
            }
            try await time.sleep(.milliseconds(Int.random(in: 1...min(20 << min(attempt, 6), 1000))))
        }
        throw ArchiveError(
            .contention,
            "\(LedgerStore.mostAttempts) changes of the ledger \(key) in \(store.location) were lost to other archivers. Run "
                + "fewer of them on one stream."
        )
    }
}
