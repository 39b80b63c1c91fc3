internal import ObjectStorage

/// Reads parts of a run's object, and takes nothing that is not whole.
struct IndexObject: Sendable {
    let store: any ObjectStore
    let run: IndexRun

    /// Bytes of the object, in one request.
    ///
    /// - Throws: ``JournalError/Code/damagedIndex`` when the object is gone, which also happens to who uses a list of
    ///   runs long after the catalog has another, or is not as long as it was written; ``JournalError/Code/storage``.
    func read(_ range: Range<Int>) async throws -> [UInt8] {
        guard !range.isEmpty else { return [] }
        let result: GetResult
        do {
            result = try await store.get(run.path, range: .range(UInt64(range.lowerBound)..<UInt64(range.upperBound)))
        } catch let error as ObjectStoreError where error.code == .notFound {
            throw run.damaged("is gone", in: store.location, cause: error)
        } catch let error as ObjectStoreError where error.code == .invalidRange {
            throw run.damaged("is too short: it should have \(run.bytes) bytes", in: store.location)
        } catch {
            throw JournalError.wrapping(error, "Reading the id index failed", object: run.path)
        }
        guard result.metadata.size == UInt64(run.bytes) else {
            throw run.damaged("has \(result.metadata.size) bytes, where \(run.bytes) were written", in: store.location)
        }
        guard result.offset == UInt64(range.lowerBound), result.bytes.count == range.count else {
            throw run.damaged("arrived incomplete", in: store.location)
        }
        return result.bytes
    }

    /// Pages of entries, not checked yet, in one request.
    func readPages(_ pages: Range<Int>) async throws -> IndexPages {
        let bytes = try await read(run.layout.bytes(ofPages: pages))
        return IndexPages(bytes: bytes, pages: pages, run: run, location: store.location)
    }

    /// The filter, in one request.
    func readFilter() async throws -> IndexFilter {
        let bytes = try await read(run.layout.filterBytes)
        guard let filter = try IndexFilter(pages: bytes, of: run.layout) else {
            throw run.damaged("has a damaged filter", in: store.location)
        }
        return filter
    }
}
