internal import EventJournal
internal import ObjectStorage

/// When the event is that a job sends, or has sent, of each key: for jobs that send the last event of each key.
///
/// Without it a key could be lost: when the last event of a key is deleted before its turn came, an earlier one takes
/// its place, and that may be behind the job's position already. So the job keeps, in an object of its own, which event
/// it meant to send of each key; of whichever key that was behind the position, nothing has been sent.
struct SentKeys: Sendable {
    /// By ascending hash.
    private(set) var keys: [LatestKey]

    init(_ keys: [LatestKey] = []) { self.keys = keys.sorted { $0.hash < $1.hash } }

    /// The object of a job.
    static func key(_ id: String) -> String { ReplayJobStore.folder + id + ".keys" }

    /// Takes in what a job finds when it looks anew which event of each key is the last.
    ///
    /// - Parameters:
    ///   - found: The last events by now.
    ///   - moment: Events before it were sent, where they were meant to be; `nil` when nothing was.
    /// - Returns: The hashes of keys whose event is before the moment though nothing of them was sent.
    mutating func merge(_ found: SentKeys, sentBefore moment: Int64?) -> Set<UInt64> {
        guard let moment else {
            self = found
            return []
        }
        var merged = SentKeys()
        merged.keys.reserveCapacity(found.keys.count)
        var missed: Set<UInt64> = []
        var next = keys.startIndex
        for key in found.keys {
            while next < keys.endIndex, keys[next].hash < key.hash {
                // It has no event any more, and may have one again.
                merged.keys.append(keys[next])
                next += 1
            }
            guard next < keys.endIndex, keys[next].hash == key.hash else {
                // It came later than the job.
                merged.keys.append(key)
                continue
            }
            defer { next += 1 }
            if keys[next].timestamp < moment {
                merged.keys.append(keys[next])
            } else if key.timestamp < moment {
                // It counts as sent when it is.
                merged.keys.append(keys[next])
                missed.insert(key.hash)
            } else {
                merged.keys.append(key)
            }
        }
        merged.keys += keys[next...]
        self = merged
        return missed
    }

    /// Takes note of keys whose missed events were sent.
    mutating func note(_ sent: [UInt64: Int64]) {
        for index in keys.indices {
            if let timestamp = sent[keys[index].hash] { keys[index].timestamp = timestamp }
        }
    }

    /// Whether an event of some key that is not sent is earlier than it was.
    func movedBack(in found: SentKeys, sentBefore moment: Int64?) -> Bool {
        var next = keys.startIndex
        for key in found.keys {
            while next < keys.endIndex, keys[next].hash < key.hash { next += 1 }
            guard next < keys.endIndex, keys[next].hash == key.hash else { continue }
            if keys[next].timestamp >= moment ?? .min, key.timestamp < keys[next].timestamp { return true }
        }
        return false
    }

    /// Sixteen bytes a key: hash and time, little-endian, behind the eight bytes `HWKEYS1\n`.
    var bytes: [UInt8] {
        var bytes = SentKeys.magic
        bytes.reserveCapacity(8 + 16 * keys.count)
        for key in keys {
            for word in [key.hash, UInt64(bitPattern: key.timestamp)] {
                for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
            }
        }
        return bytes
    }

    private static let magic = Array("HWKEYS1\n".utf8)

    /// The inverse; `nil` for anything else.
    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: SentKeys.magic), bytes.count % 16 == 8 else { return nil }
        func word(_ start: Int) -> UInt64 {
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << ($1 * 8) }
        }
        keys = stride(from: 8, to: bytes.count, by: 16)
            .map { LatestKey(hash: word($0), timestamp: Int64(bitPattern: word($0 + 8))) }
    }

    /// The keys with the version of their object.
    struct Stored: Sendable {
        let keys: SentKeys
        let entityTag: String
    }

    /// Reads those of a job; `nil` when there is no such object.
    ///
    /// - Throws: ``ReplayJobError/Code/damaged``, or what the store throws.
    static func read(_ id: String, _ journal: Journal) async throws -> Stored? {
        guard let found = try await journal.objectStore.getIfPresent(key(id), upTo: 4 << 30) else { return nil }
        guard let keys = SentKeys(found.bytes) else {
            throw ReplayJobError(
                .damaged,
                "\(key(id)) in \(journal.location) is not what the replay job wrote. Cancel the job, and begin another."
            )
        }
        return Stored(keys: keys, entityTag: found.metadata.entityTag)
    }

    /// Writes those of a job in place of what is known of the object; `nil` for none.
    ///
    /// One put; a get when somebody else wrote, or an answer was lost.
    ///
    /// - Returns: `nil` when something else is there.
    /// - Throws: What the store throws.
    func write(_ id: String, _ journal: Journal, over known: Stored?) async throws -> Stored? {
        let bytes = bytes
        do {
            let stored = try await journal.objectStore.put(
                SentKeys.key(id),
                bytes,
                mode: known.map { .ifMatches(entityTag: $0.entityTag) } ?? .ifAbsent
            )
            return Stored(keys: self, entityTag: stored.entityTag)
        } catch let error as ObjectStoreError {
            // A lost answer, or a request made twice, may hide that we were first. Whoever wrote the same is as good.
            let found = try await journal.objectStore.getIfPresent(SentKeys.key(id), upTo: 4 << 30)
            if let found, found.bytes == bytes { return Stored(keys: self, entityTag: found.metadata.entityTag) }
            guard [.alreadyExists, .preconditionFailed, .notFound].contains(error.code) else { throw error }
            return nil
        }
    }
}
