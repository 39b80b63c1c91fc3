import Benchmark
import BenchmarkEvents
import EventImport
import EventJournal
import JMESPath
import ObjectStorage

/// Imports of a file of NDJSON that is in the page cache, into memory: reading, parsing, de-duplicating, encoding.
func imports() {
    for (mapped, name) in [(true, "with ids, times and keys"), (false, "as they stand")] {
        Benchmark("Import 100,000 lines \(name)") { benchmark, input in
            let mapping =
                mapped
                ? FieldMapping(
                    id: try JMESPathExpression("event_id"),
                    timestamp: try JMESPathExpression("timestamp"),
                    key: try JMESPathExpression("key")
                ) : FieldMapping()
            let importer = Importer(
                into: Journal(store: MemoryObjectStore()),
                options: ImportOptions(mapping: mapping)
            )
            try await benchmark.measure(bytes: input.bytes) {
                let report = try await importer.run([input.path])
                if report.imported != 100_000 { benchmark.error("imported \(report.imported) lines") }
            }
        } setup: {
            try InputFile(lines: 100_000)
        } teardown: {
            TemporaryJournal.removeAll()
        }
    }
}

/// Lines of NDJSON in a file.
private struct InputFile {
    let path: String
    let bytes: Int

    init(lines: Int) throws {
        var events = SampleEvents()
        let text = events.lines(lines)
        bytes = text.count
        path = try TemporaryJournal.file("events.ndjson", text)
    }
}
