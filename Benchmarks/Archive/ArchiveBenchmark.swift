internal import BenchmarkTiming
internal import EventJournal
internal import ObjectStorage
internal import RecordStreams
internal import StreamArchive

/// How fast a stream is archived when the stream itself costs nothing: `archive-benchmark DIRECTORY [RECORDS]`.
///
/// Records of 1,000 bytes, of JSON with words and numbers, are in memory before the clock starts; the journal is a
/// directory that must not exist yet. Compaction is off, since it goes on beside an archiver.
@main
struct ArchiveBenchmark {
    static func main() async throws {
        guard CommandLine.arguments.count > 1 else {
            print("usage: archive-benchmark DIRECTORY [RECORDS]")
            return
        }
        let count = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 400_000
        let stream = MemoryStream(shards: 4, limit: 10_000)
        let bytes = fill(stream, count)
        var configuration = JournalConfiguration.defaults
        configuration.automaticCompaction = nil
        let store = LocalObjectStore(directory: CommandLine.arguments[1])
        let archiver = StreamArchiver(stream, into: Journal(store: store, configuration: configuration))
        let begin = Moment()
        let report = try await archiver.run(once: true)
        let (wall, processor) = (begin.seconds, begin.cpuSeconds)
        let megabytes = Double(bytes) / 1e6
        print("\(report.records) records, \(Int(megabytes)) MB, \(report.segments) segments")
        print("\(Int(megabytes / wall)) MB/s; \(Int(megabytes / processor)) MB for a second of one processor")
    }

    /// Puts records into the stream, and returns how many bytes they have.
    private static func fill(_ stream: MemoryStream, _ count: Int) -> Int {
        let words = ["order", "ship", "cancel", "item", "price"]
        var state: UInt64 = 42
        var bytes = 0
        for number in 0..<count {
            let user = "user-\(number % 5000)"
            var text = "{\"number\":\(number),\"user\":\"\(user)\",\"body\":\""
            while text.utf8.count < 998 {
                // Wraps on purpose: Knuth's linear congruential generator.
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let choice = Int(state >> 33) % 6
                text += (choice < words.count ? words[choice] : "\(state >> 40)") + " "
            }
            text += "\"}"
            bytes += text.utf8.count
            stream.append(
                Array(text.utf8),
                key: user,
                arrival: Int64(number) + 1_700_000_000_000_000,
                to: "shard-\(number % 4)"
            )
        }
        return bytes
    }
}
