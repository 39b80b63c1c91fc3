import DeltaLake
import ObjectStorage
import Parquet

@testable import EventJournal

/// A compaction in its plainest form, for tests of what reads the result: all of the catalog and the inbox up to some batch
/// become new objects, in one commit.
struct SmallCompactor {
    let store: any ObjectStore
    let generator: UUIDv7Generator
    /// Few, so that there are many row groups of little.
    var rowGroupEvents = 3

    /// What was left behind.
    struct Leftovers {
        var inbox: [String] = []
        var files: [String] = []
    }

    /// Absorbs the segments with batch ids up to one.
    func compact(through last: UUIDv7) async throws -> Leftovers {
        let view = EarlyInbox(base: store, last: last)
        let journal = Journal(store: view)
        let snapshot = try await journal.inbox.snapshot(damage: .refuse)
        let absorbed = snapshot.segments.filter { !$0.isInCatalog }
        if absorbed.isEmpty { return Leftovers() }
        let state = snapshot.catalog

        var layout = CompactedSegmentLayout()
        layout.rowGroupEvents = rowGroupEvents
        layout.targetObjectBytes = 600
        let run = generator.next()
        let writer = try CompactedSegmentWriter(store: store, run: run, layout: layout, parallelism: 1)
        var index = IndexBuilder(store: store, generator: generator)
        let replay = ReplayPipeline(
            ReplaySource(
                range: .all,
                options: ReplayOptions(),
                origin: .snapshot(snapshot),
                reader: journal.reader,
                withBatchIDs: true
            )
        )
        while let window = try await replay.next() {
            for batch in window where !batch.isEmpty {
                try await writer.append(batch)
                let hashes = HashedIDs(batch.ids).hashes
                try await index.add(
                    hashes.indices.map { IndexEntry(hash: hashes[$0], timestamp: batch.timestamps[$0]) }
                )
            }
        }
        let added = try await writer.finish()
        let runs = try await index.finish(replacing: state.runs).runs

        var actions: [DeltaAction] = []
        if state.table == nil {
            actions.append(.protocol(.plain))
            actions.append(
                .metadata(DeltaMetadata(id: run.description, schemaString: "{\"type\":\"struct\",\"fields\":[]}"))
            )
        }
        actions += added.map { .add($0.testAction) }
        actions += (state.table?.files.values.map { $0 } ?? [])
            .map { .remove(DeltaRemove($0, deletionTimestamp: 0, dataChange: true)) }
        let changes = try await changes(absorbed.filter(\.isChanges), journal, run)
        let batches = absorbed.map(\.arrival)
        let domain = InboxDomain(absorbed: state.inbox.absorbed + batches, new: batches, changes: changes)
        actions.append(.domain(DomainMetadata(domain: InboxDomain.name, configuration: domain.text)))
        actions.append(
            .domain(DomainMetadata(domain: CatalogState.indexDomain, configuration: IndexRun.encode(runs)))
        )
        let isOurs = try await DeltaLog(store: store).commit(actions, version: state.version + 1)
        guard isOurs else { return Leftovers() }
        return Leftovers(inbox: absorbed.map(\.key), files: state.table.map { Array($0.files.keys) } ?? [])
    }

    private func changes(_ segments: [Segment], _ journal: Journal, _ run: UUIDv7) async throws -> String? {
        if segments.isEmpty { return nil }
        var columns = (ByteArrays(), [Int64](), ByteArrays(), ByteArrays())
        for segment in segments {
            for (id, change) in try await journal.reader.changes(of: segment) {
                columns.0.append(id)
                columns.1.append(change.timestamp)
                columns.2.append(change.operation.text)
                columns.3.append(segment.arrival.text)
            }
        }
        var writer = try ParquetWriter(schema: ChangeList.schema)
        try writer.writeRowGroup([
            ColumnData(.bytes(columns.0)), ColumnData(.int64(columns.1)), ColumnData(.bytes(columns.2)),
            ColumnData(.bytes(columns.3)),
        ])
        let key = "_changes/\(run).parquet"
        try await store.put(key, writer.finish())
        return key
    }
}

extension CompactedSegment {
    fileprivate var testAction: DeltaAdd {
        DeltaAdd(
            path: key,
            size: Int64(objectBytes),
            modificationTime: 0,
            dataChange: true,
            stats: DeltaStatistics(numRecords: Int64(events)).json,
            tags: [
                SegmentTag.first: "\(first)", SegmentTag.last: "\(last)", SegmentTag.payload: "\(payloadBytes)",
                SegmentTag.checksum: checksum.description, SegmentTag.groups: RowGroupDirectory.encode(rowGroups),
            ]
        )
    }
}

/// A store whose inbox ends with some batch.
private struct EarlyInbox: ObjectStore {
    let base: any ObjectStore
    let last: UUIDv7

    var location: String { base.location }

    func list(_ options: ListOptions) async throws -> ListPage {
        var page = try await base.list(options)
        page.objects.removeAll { object in Segment(key: object.key).map { $0.arrival > last } ?? false }
        return page
    }

    func get(_ key: String, range: ByteRange?) async throws -> GetResult { try await base.get(key, range: range) }
    func head(_ key: String) async throws -> ObjectMetadata { try await base.head(key) }
    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try await base.put(key, bytes, mode: mode)
    }
    func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        try await base.beginUpload(key, mode: mode)
    }
    func delete(_ keys: [String]) async throws -> [DeleteFailure] { try await base.delete(keys) }
    func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        try await base.copy(source, to: destination, mode: mode)
    }
}
