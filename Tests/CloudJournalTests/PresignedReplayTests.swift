import CloudTesting
import CryptoExtras
import EventJournal
import Foundation
import GoogleCloudStorage
import ObjectStorage
import ObjectStorageTesting
import PresignedStorage
import Synchronization
import Testing

@Suite("Reading by presigned URLs")
struct PresignedReplayTests {
    /// A journal with everything: compacted segments, new ones, repeated ids, updates and deletes of both.
    private static func fill(_ store: any ObjectStore) async throws {
        var configuration = JournalConfiguration.defaults
        configuration.automaticCompaction = nil
        let journal = Journal(store: store, configuration: configuration)
        var random = SeededRandom(seed: 7)
        func events(_ numbers: Range<Int>, _ word: String, words: Int = 2) -> [Event] {
            numbers.map { number in
                let noise = (0..<words).map { _ in String(random.next(), radix: 36) }.joined()
                return Event(
                    id: "e\(number)",
                    timestamp: Timestamp(microseconds: 1_709_251_200_000_000 + Int64(number) * 60_000_000),
                    key: number % 3 == 0 ? nil : "k\(number % 5)",
                    data: Array("{\"n\":\(number),\"w\":\"\(word)\",\"ü\":\"\(noise)\"}".utf8)
                )
            }
        }
        try await journal.append(events(0..<200, "first"))
        // Together more than is read at once.
        try await journal.append(events(200..<245, "large", words: 3600))
        try await journal.compact(CompactionPolicy(force: true))
        try await journal.append(events(240..<310, "second"))
        try await journal.append(events(300..<330, "third"))
        for number in [3, 220, 305] { try await journal.update("e\(number)", data: Array("{\"n\":-\(number)}".utf8)) }
        for number in [4, 221, 306, 305] { try await journal.delete("e\(number)") }
        try await journal.put(
            Array("{\"n\":4,\"w\":\"again\"}".utf8),
            id: "e4",
            at: Timestamp(microseconds: 5),
            key: "k1"
        )
    }

    private static func store(_ streams: EventStreams) -> PresignedObjectStore {
        let urls = streams.streams.map { ($0.id, PresignedURL($0.url, expiration: $0.expires?.microseconds)) }
        return PresignedObjectStore(Dictionary(uniqueKeysWithValues: urls), location: streams.journal, attempts: 40)
    }

    private static func collect(_ replay: Replay) async throws -> [Event] {
        var events: [Event] = []
        for try await batch in replay { events += (0..<batch.count).map { batch[$0] } }
        return events
    }

    @Test("the program replays from a manifest what it replays from the bucket, without credentials")
    func program() async throws {
        try await CloudServers.withBucket { name, open in
            try await Self.fill(open(nil))
            let environment = try CloudServers.environment()
            let stranger = environment.filter { !$0.key.hasPrefix("AWS_") }
            let url = "s3://\(name)"
            func run(_ arguments: [String], as environment: [String: String]) async throws -> String {
                let outcome = try await ChildProgram.run(ChildProgram.highwater, arguments, environment: environment)
                #expect(outcome.status == 0, "\(arguments): \(outcome.error)")
                return outcome.output
            }
            let file = FileManager.default.temporaryDirectory.appending(path: "\(name).streams").path
            defer { try? FileManager.default.removeItem(atPath: file) }
            try await run(["streams", url], as: environment).write(toFile: file, atomically: true, encoding: .utf8)
            let cases: [[String]] = [
                ["--format", "event"], ["--latest-per-key"], ["--where", "n > `250`", "--select", "n"],
                ["--after", "2024-03-01T01:00:00Z", "--through", "2024-03-01T05:00:00Z"],
            ]
            for options in cases {
                let expected = try await run(["replay", url] + options, as: environment)
                #expect(!expected.isEmpty)
                #expect(
                    try await run(["replay", "--from-streams", file] + options, as: stranger) == expected,
                    "\(options)"
                )
            }
            var shares: [Substring] = []
            for number in 1...3 {
                shares += try await run(["replay", "--from-streams", file, "--split", "\(number)/3"], as: stranger)
                    .split(separator: "\n")
            }
            let all = try await run(["replay", url], as: environment).split(separator: "\n")
            #expect(shares.sorted() == all.sorted())
            // Expressions in the manifest: whoever replays from it need not know them, and cannot widen them.
            let selective = file + "-selective"
            defer { try? FileManager.default.removeItem(atPath: selective) }
            let expressions = ["--where", "n > `250` && @event.key != 'k1'", "--select", "{id: @event.id, n: n}"]
            try await run(["streams", url] + expressions, as: environment)
                .write(toFile: selective, atomically: true, encoding: .utf8)
            let selected = try await run(["replay", url] + expressions, as: environment)
            #expect(selected.split(separator: "\n").count > 30)
            #expect(try await run(["replay", "--from-streams", selective], as: stranger) == selected)
            for (options, status) in [(["--where", "n"], 64), (["--select", "@"], 64), (["--strict"], 0)] {
                let outcome = try await ChildProgram.run(
                    ChildProgram.highwater,
                    ["replay", "--from-streams", selective] + options,
                    environment: stranger
                )
                #expect(outcome.status == status, "\(options): \(outcome.error)")
            }
            let wrong = try await ChildProgram.run(
                ChildProgram.highwater,
                ["streams", url, "--where", "n >"],
                environment: environment
            )
            #expect(wrong.status == 64 && wrong.output.isEmpty && wrong.error.contains("n >"))
            // Compacted first, nothing is left that a cleaning could take.
            let compacted = try await run(["streams", url, "--compact", "--after", "2024-03-01"], as: environment)
            #expect(!compacted.contains("_inbox/"))

            let early = try await ChildProgram.run(
                ChildProgram.highwater,
                ["replay", "--from-streams", file, "--latest-per-key", "--split", "1/2"],
                environment: stranger
            )
            #expect(early.status == 64)
        }
    }

    @Test("the Python of the documentation reads the same events", arguments: [nil, "2024-03-01T01:00:00Z"])
    func python(after: String?) async throws {
        let snippet = try Self.snippets()[0]
        try await CloudServers.withBucket { name, open in
            let store = try open(nil)
            try await Self.fill(store)
            let journal = Journal(store: store)
            let range = after.flatMap { Timestamp(rfc3339: $0) }
            let streams = try await journal.eventStreams(after: range, expires: .seconds(600))
            let folder = FileManager.default.temporaryDirectory.appending(path: name)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let script = folder.appending(path: "read.py")
            try snippet.write(to: script, atomically: true, encoding: .utf8)
            var read: [String] = []
            for number in 1...2 {
                let share = try streams.dealt(#require(EventStreams.Share(number, of: 2)))
                let manifest = folder.appending(path: "manifest")
                try Data(share.encoded()).write(to: manifest)
                let outcome = try await ChildProgram.run(
                    ChildProgram.python,
                    [script.path, manifest.path],
                    environment: ["PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"]
                )
                #expect(outcome.status == 0, "\(outcome.error)")
                read += outcome.output.split(separator: "\n").map(String.init)
            }
            var expected: [String] = []
            for try await batch in journal.replay(after: range) {
                for row in 0..<batch.count {
                    expected.append(batch[row].id + "\t" + String(decoding: batch[row].data, as: UTF8.self))
                }
            }
            #expect(expected.count > 250)
            #expect(read.sorted() == expected.sorted())
        }
    }

    /// A service account whose tokens the emulator takes, as it takes any.
    private struct ServiceAccount: GoogleCredentialsProvider {
        let key: ServiceAccountKey
        var signer: ServiceAccountKey? { key }
        func accessToken() async throws -> String { "token" }
        func invalidate(_ token: String) async {}
    }

    @Test("a journal on Google's is replayed by signed URLs, without credentials")
    func google() async throws {
        let bucket = try await CloudServers.googleBucket()
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let account = ServiceAccount(
            key: try ServiceAccountKey(email: "me@x.iam", privateKey: key.pemRepresentation)
        )
        let store = try GoogleCloudObjectStore(
            GoogleCloudConfiguration(bucket: bucket, endpoint: CloudServers.googleEndpoint),
            credentials: account
        )
        try await Self.fill(store)
        let expected = try await Self.collect(Journal(store: store).replay())
        #expect(expected.count > 300)
        let made = try await Journal(store: store).eventStreams(expires: .seconds(600))
        #expect(made.streams.count >= 3)
        for stream in made.streams {
            #expect(stream.url.contains("/\(bucket)/\(stream.id)?X-Goog-Algorithm=GOOG4-RSA-SHA256&"))
            #expect(stream.url.contains("&X-Goog-Signature=") && stream.expires != nil)
        }
        let streams = try EventStreams(parsing: made.encoded())
        #expect(try await Self.collect(streams.replay(from: Self.store(streams))) == expected)
    }

    /// The Python of the documentation, without its fences.
    private static func snippets() throws -> [Substring] {
        let page = try String(
            contentsOf: ChildProgram.root.appending(path: "docs/presigned-reads.md"),
            encoding: .utf8
        )
        return try page.split(separator: "```python\n").dropFirst()
            .map { try #require($0.split(separator: "\n```").first) }
    }

    @Test("the Python of the documentation applies the expressions of a manifest, or refuses it")
    func pythonWithExpressions() async throws {
        let snippets = try Self.snippets()
        let script = "\(snippets[1])\n\(snippets[0])\n"
            .replacing("head[\"version\"] == 1", with: "head[\"version\"] in (1, 2)")
            .replacing("in table.to_pylist():", with: "in selected(head, table.to_pylist()):")
        try await CloudServers.withBucket { name, open in
            let store = try open(nil)
            try await Self.fill(store)
            let journal = Journal(store: store)
            // A text that is no JSON, and one with which the function does not agree.
            try await journal.append([
                Event(id: "text", timestamp: Timestamp(microseconds: 6), data: Array("no JSON".utf8)),
                Event(id: "odd", timestamp: Timestamp(microseconds: 7), data: Array("{\"w\":7,\"n\":1}".utf8)),
            ])
            let folder = FileManager.default.temporaryDirectory.appending(path: name)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let program = folder.appending(path: "read.py")
            let plain = folder.appending(path: "plain.py")
            try script.write(to: program, atomically: true, encoding: .utf8)
            try snippets[0].write(to: plain, atomically: true, encoding: .utf8)
            for (condition, projection) in [
                ("n > `100` && starts_with(w, 's')", "{n: n, w: w}"), ("n", nil), (nil, "[n, w]"),
            ] as [(String?, String?)] {
                let streams = try await journal.eventStreams(
                    expires: .seconds(600),
                    selection: EventSelection(where: condition, select: projection)
                )
                let manifest = folder.appending(path: "manifest")
                try Data(streams.encoded()).write(to: manifest)
                let environment = ["PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"]
                let outcome = try await ChildProgram.run(
                    ChildProgram.python,
                    [program.path, manifest.path],
                    environment: environment
                )
                #expect(outcome.status == 0, "\(outcome.error)")
                let expected = try await Self.collect(streams.replay(from: Self.store(streams)))
                #expect(expected.count > 20)
                #expect(
                    outcome.output.split(separator: "\n").map(String.init).sorted()
                        == expected.map { "\($0.id)\t\(String(decoding: $0.data, as: UTF8.self))" }.sorted()
                )
                let refused = try await ChildProgram.run(
                    ChildProgram.python,
                    [plain.path, manifest.path],
                    environment: environment
                )
                #expect(refused.status != 0 && refused.output.isEmpty && refused.error.contains("one with expressions"))
            }
        }
    }

    @Test("a replay gets over every fault on the way", arguments: WayFault.allCases)
    func faults(_ fault: WayFault) async throws {
        try await CloudServers.withBucket { _, open in
            let direct = try open(nil)
            try await Self.fill(direct)
            let expected = try await Self.collect(Journal(store: direct).replay())
            // Every other request fails.
            let way = FaultyWay(to: try CloudServers.s3) { number, _ in number % 2 == 0 ? fault : nil }
            try await TestServer.run(way.handle) { url in
                let manifest = try await Journal(store: direct).eventStreams(expires: .seconds(600)).encoded()
                let text = String(decoding: manifest, as: UTF8.self).replacing(try CloudServers.s3, with: url)
                let streams = try EventStreams(parsing: Array(text.utf8))
                let events = try await Self.collect(streams.replay(from: Self.store(streams)))
                #expect(events == expected)
                #expect(way.requests.count >= 6)
                #expect(way.requests.allSatisfy { $0.method == "GET" && $0.header("authorization") == nil })
            }
        }
    }

    @Test(
        "refusals say what happened and what to do",
        arguments: [
            (
                403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", 3600,
                "has expired, earlier"
            ),
            (
                403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", -5,
                "expired at 20"
            ),
            (
                400, "<Error><Code>ExpiredToken</Code><Message>The provided token…</Message></Error>", 3600,
                "credentials"
            ),
            (
                403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", 3600,
                "is refused (status 403 SignatureDoesNotMatch)"
            ),
            (404, "<Error><Code>NoSuchKey</Code></Error>", 3600, "is gone: it was compacted"),
            (307, "", 3600, "redirects are not followed"),
        ]
    )
    func refusals(status: Int, body: String, seconds: Int64, words: String) async throws {
        try await TestServer.run { _ in
            .text(status, body)
        } _: { url in
            let end = Timestamp.now.microseconds + seconds * 1_000_000
            let store = PresignedObjectStore(
                ["a": PresignedURL(url + "/a?secret", expiration: end)],
                location: "s3://b/j"
            )
            let error = await #expect(throws: ObjectStoreError.self) { try await store.get("a", range: nil) }
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("highwater streams") == true)
            #expect(error?.message.contains("secret") == false)
        }
    }

    @Test("a server that knows no ranges, and one that hangs for a while")
    func oddServers() async throws {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let count = Mutex(0)
        try await TestServer.run { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number == 1 ? .hang : .answer(TestReply.Answer(200, headers: [("etag", "\"x\"")], body: bytes))
        } _: { url in
            let store = PresignedObjectStore(
                ["a": PresignedURL(url + "/a", expiration: nil)],
                location: "s3://b/j",
                timeout: .milliseconds(300)
            )
            let part = try await store.get("a", range: .range(10..<20))
            #expect(part.bytes == Array(bytes[10..<20]))
            #expect(part.offset == 10)
            #expect(try await store.get("a", range: .suffix(5)).bytes == Array(bytes.suffix(5)))
            #expect(try await store.head("a").size == 1000)
            await #expect(throws: ObjectStoreError(.notFound, "")) { try await store.get("b", range: nil) }
            await #expect(throws: ObjectStoreError(.readOnly, "")) { try await store.put("a", []) }
            await #expect(throws: ObjectStoreError(.permissionDenied, "")) { try await store.list(ListOptions()) }
        }
    }
}
