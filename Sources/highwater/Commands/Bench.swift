internal import ArgumentParser
internal import EventJournal
internal import ObjectStorage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// `highwater bench`: how fast a bucket or disk is with a journal on it, and what the requests cost.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure append, replay and look-up on a store; it leaves nothing behind.",
        discussion: """
            A journal is made in a folder of its own (highwater-bench-…) below the URL, measured, and deleted again, also \
            after an error or Ctrl-C. A journal that is at the URL is neither read nor written.

            Puts are single events of concurrent callers, who share objects; replays are by a reader that has just begun; \
            plain gets are the same objects by ranged gets side by side, with nothing decoded. Requests are those the store \
            makes for each call; requests that had to be repeated are not counted, nor is the deletion in the end. Prices are \
            list prices for requests alone; give yours with --price-writes and --price-reads.

            EXAMPLES
              highwater bench s3://my-bucket/tmp
              highwater bench gs://my-bucket/tmp --events 1000000 --clients 64 --json
            """
    )

    @Argument(
        help: ArgumentHelp("Where: a directory, or a URL (s3://bucket/prefix, gs://…).", valueName: "url"),
        completion: .directory
    )
    var url: String

    @Option(help: "Single events to put.")
    var puts = 1000

    @Option(help: "Events to append in batches.")
    var events = 100_000

    @Option(help: "Events of a batch.")
    var batch = 1000

    @Option(help: "Bytes of a payload, about.")
    var size = 500

    @Option(help: "Events to look up.")
    var lookups = 200

    @Option(help: "Concurrent callers of puts and appends.")
    var clients = 8

    @Option(help: ArgumentHelp("What 1000 puts, copies and lists cost.", valueName: "dollars"))
    var priceWrites: Double?

    @Option(help: ArgumentHelp("What 1000 gets and heads cost.", valueName: "dollars"))
    var priceReads: Double?

    @Flag(help: "Report as one JSON object.")
    var json = false

    func validate() throws {
        guard (0...10_000_000).contains(puts), (0...1_000_000_000).contains(events), puts + events >= 30 else {
            throw ValidationError("--puts and --events are together 30 or more, and not billions.")
        }
        guard (1...1_000_000).contains(batch), (1...1024).contains(clients), (0...10_000_000).contains(lookups) else {
            throw ValidationError("--batch is 1 to 1000000, --clients 1 to 1024, --lookups 0 to 10000000.")
        }
        guard (64...(16 << 20)).contains(size) else { throw ValidationError("--size is 64 to 16777216.") }
        guard [priceWrites, priceReads].allSatisfy({ $0 ?? 0 >= 0 }) else {
            throw ValidationError("Prices are 0 or more.")
        }
    }

    func run() async throws {
        let folder = "highwater-bench-\(UUIDv7Generator().next())"
        let base = try ObjectStoreRegistry.openOfProgram(url)
        let store = try PrefixedObjectStore(base, prefix: folder)
        let (prices, json) = (prices, json)
        let results = BenchResults()
        if !json {
            try Output.line("journal at \(store.location)\n" + BenchPhase.header)
        }
        let run = BenchRun(
            store: MeteredObjectStore(store),
            workload: BenchWorkload(size: size),
            size: BenchRun.Size(puts: puts, events: events, batch: batch, lookups: lookups, clients: clients)
        ) { phase in
            results.add(phase)
            if !json { try Output.line(phase.row(prices)) }
        }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await Signals.cancellable { try await run.run() })
        } catch {
            outcome = .failure(error)
        }
        try await Bench.clear(store)
        try outcome.get()
        let phases = results.phases
        if json {
            try Output.line(jsonText(phases, store.location))
            return
        }
        if let share = BenchPhase.replayShare(phases) {
            try Output.line("a replay took the objects in at \(Text.decimal(share)) of the rate of plain gets.")
        }
        if let prices {
            try Output.line("cost of requests: \(prices.source); storage and traffic come on top.")
        }
    }

    /// Deletes everything below the folder, which nobody else has the name of.
    private static func clear(_ store: PrefixedObjectStore) async throws {
        let left: [String]
        do {
            let keys = try await store.listAll(keysOnly: true).collect(upTo: 100_000_000).map(\.key)
            left = try await store.delete(keys).map(\.key)
            removeDirectories(of: keys, in: store.location)
        } catch {
            throw CommandError(
                status: Failure.storage,
                message: "What was measured could not be deleted; delete \(store.location) yourself: \(error)"
            )
        }
        guard left.isEmpty else {
            throw CommandError(
                status: Failure.partial,
                message: "\(Text.count(left.count, "object")) could not be deleted; delete \(store.location) yourself."
            )
        }
    }

    /// A directory has folders besides objects; those that are empty now go.
    private static func removeDirectories(of keys: [String], in location: String) {
        guard !location.contains("://") else { return }
        var folders: Set<String> = [location]
        for key in keys {
            var folder = key.split(separator: "/").dropLast()
            while !folder.isEmpty {
                folders.insert(location + "/" + folder.joined(separator: "/"))
                folder.removeLast()
            }
        }
        // One that somebody put something into stays.
        for folder in folders.sorted(by: { $0.utf8.count > $1.utf8.count }) { unsafe rmdir(folder) }
    }

    private var prices: RequestPrices? {
        var prices = RequestPrices.listed(url)
        if let priceWrites {
            prices = RequestPrices(write: priceWrites, read: prices?.read ?? 0, source: "prices given")
        }
        if let priceReads {
            prices = RequestPrices(write: prices?.write ?? 0, read: priceReads, source: "prices given")
        }
        return prices
    }

    private func jsonText(_ phases: [BenchPhase], _ location: String) -> String {
        var text = JSONText()
        text.add("journal", location)
        text.add("clients", clients)
        text.add("batch", batch)
        text.add("payload_bytes", size)
        if let prices {
            text.add("price_source", prices.source)
            text.add("price_writes_per_1000_usd", prices.write)
            text.add("price_reads_per_1000_usd", prices.read)
        }
        if let share = BenchPhase.replayShare(phases) { text.add("replay_share_of_plain_gets", share) }
        text.addRaw("phases", "[" + phases.map { $0.json(prices) }.joined(separator: ",") + "]")
        return text.text
    }
}
