internal import ObjectStorage
internal import Parquet

/// Reads manifests and payloads.
struct FloodReader: Sendable {
    let store: any ObjectStore
    /// The longest manifest that is read; flash-flood itself holds it in memory as well.
    static let manifestLimit = 1 << 30
    /// Payloads that lie this close are read in one request.
    private static let gap: Int64 = 64 << 10
    /// A request asks for no more than this, but for a payload that is larger.
    private static let rangeBytes: Int64 = 8 << 20

    /// The manifest of a journal.
    ///
    /// - Throws: ``FloodDamage`` when it is gone or cannot be read; `ObjectStoreError` when the store does not answer.
    func manifest(of name: JournalName) async throws -> Manifest {
        let bytes: [UInt8]
        do {
            bytes = try await store.get(name.manifestKey, upTo: Self.manifestLimit).bytes
        } catch let error as ObjectStoreError where error.code == .notFound || error.code == .damaged {
            throw FloodDamage(reason: "its manifest \(name.manifestKey) cannot be read: \(error.message)")
        }
        do throws(ManifestFault) {
            return try Manifest(bytes)
        } catch {
            throw FloodDamage(reason: "its manifest \(name.manifestKey) is damaged: \(error.text)")
        }
    }

    /// Whether flash-flood's index says of an event that it is in a journal.
    ///
    /// Of a store that does not tell metadata, such as a copy in a directory, it is enough that it says anything.
    ///
    /// Cost: a list request, more where many ids begin with this one, and a head when there is an entry.
    func isIndexed(_ id: [UInt8], in journal: JournalName) async throws -> Bool {
        let prefix = FloodLayout.index + String(decoding: id, as: UTF8.self) + FloodLayout.delimiter
        var latest: String?
        var listing = store.listAll(prefix: prefix).makeAsyncIterator()
        while let page = try await listing.nextPage() {
            for object in page {
                // What other ids that begin alike have behind the delimiter is no revision.
                let revision = object.key.utf8.dropFirst(prefix.utf8.count)
                guard !revision.isEmpty, revision.allSatisfy({ (0x30...0x39).contains($0) }) else { continue }
                if latest.map({ ObjectKey.precedes($0, object.key) }) ?? true { latest = object.key }
            }
        }
        guard let latest else { return false }
        guard let store = store as? any MetadataObjectStore else { return true }
        do {
            return try await store.metadata(of: latest, named: FloodLayout.target) == journal.text
        } catch let error as ObjectStoreError where error.code == .notFound {
            return false
        }
    }

    /// The new payload of an event.
    func payload(of change: PendingChange) async throws -> [UInt8] {
        do {
            return try await store.get(change.key, upTo: Int(UInt32.max) - 1).bytes
        } catch let error as ObjectStoreError where error.code == .notFound || error.code == .damaged {
            throw FloodDamage(reason: "the update \(change.key) of one of its events cannot be read: \(error.message)")
        }
    }

    /// Which bytes of a blob to ask for at once.
    struct Request: Sendable {
        var range: Range<UInt64>
        /// The rows of the manifest whose payloads lie in it, in order of their offsets.
        var rows: [Int]
    }

    /// Plans the requests for the payloads of some rows; rows without a byte need none.
    static func requests(_ rows: [Int], of manifest: Manifest) -> [Request] {
        var requests: [Request] = []
        let wanted = rows.filter { manifest.sizes[$0] > 0 }
            .sorted { (manifest.offsets[$0], $0) < (manifest.offsets[$1], $1) }
        for row in wanted {
            let start = manifest.offsets[row]
            let end = start + manifest.sizes[row]
            if let last = requests.last {
                let lower = Int64(last.range.lowerBound)
                let upper = Int64(last.range.upperBound)
                if start <= upper + gap, max(end, upper) - lower <= max(rangeBytes, upper - lower) {
                    requests[requests.count - 1].range = UInt64(lower)..<UInt64(max(end, upper))
                    requests[requests.count - 1].rows.append(row)
                    continue
                }
            }
            requests.append(Request(range: UInt64(start)..<UInt64(end), rows: [row]))
        }
        return requests
    }

    /// The bytes of a request, or as many of them as the blob has.
    ///
    /// - Throws: ``FloodDamage`` when there is no such blob, or it ends before the request begins.
    func bytes(of name: JournalName, _ request: Request) async throws -> [UInt8] {
        do {
            let result = try await store.get(name.blobKey, range: .range(request.range))
            let end = min(request.range.upperBound, result.metadata.size)
            guard result.offset == request.range.lowerBound, result.offset + UInt64(result.bytes.count) == end else {
                throw ObjectStoreError(
                    .unavailable,
                    "\(result.bytes.count) bytes arrived of \(request.range) of \(ObjectKey.quoted(name.blobKey)) in "
                        + "\(store.location); run the import again."
                )
            }
            return result.bytes
        } catch let error as ObjectStoreError where error.code == .invalidRange {
            return []
        } catch let error as ObjectStoreError where error.code == .notFound || error.code == .damaged {
            throw FloodDamage(reason: "its blob \(name.blobKey) cannot be read: \(error.message)")
        }
    }
}

/// Something of a journal is not there or not what it should be; the rest can go on without.
struct FloodDamage: Error {
    var reason: String
}
