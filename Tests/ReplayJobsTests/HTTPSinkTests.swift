import CloudTesting
import Crypto
import EventJournal
import Foundation
import RecordStreams
import Synchronization
import Testing

@testable import ReplayJobs

@Suite("A web server that misbehaves gets every batch", .timeLimit(.minutes(5)))
struct HTTPSinkTests {
    private static let server = Result { try PythonServer("http_sink.py", beside: Self.beside) }
    private static let beside = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Support/ChaosSink.swift").path

    private struct Request: Decodable {
        var method: String
        var headers: [String: String]
        var body: String
        var time: Double
    }

    private let name = UUID().uuidString

    private func sink(
        _ plan: String,
        _ change: (inout HTTPReplaySink.Configuration) -> Void = { _ in }
    ) throws -> HTTPReplaySink {
        var configuration = HTTPReplaySink.Configuration(
            url: "http://127.0.0.1:\(try Self.server.get().port)/\(plan)/\(name)"
        )
        configuration.retryBase = .milliseconds(5)
        change(&configuration)
        return try HTTPReplaySink(configuration, job: "job-1")
    }

    private func taken() async throws -> [Request] {
        let url = try #require(URL(string: "http://127.0.0.1:\(try Self.server.get().port)/\(name)"))
        return try JSONDecoder().decode([Request].self, from: try Data(contentsOf: url))
    }

    private static let batch = EventBatch(Replays.events(0..<25))

    private static var lines: [String] { (0..<25).map { "{\"number\":\($0)}" } }

    @Test(
        "whatever comes between, once more than there were lost answers",
        arguments: [
            ("ok", 1), ("503", 1), ("503,429,500", 1), ("cut", 1), ("lost,ok", 2), ("stall", 1),
            ("408,425,503,cut,lost", 2), ("long", 1),
        ]
    )
    func faults(plan: String, times: Int) async throws {
        let sink = try sink(plan) { $0.timeout = .seconds(1) }
        try await sink.send(Self.batch)
        let requests = try await taken()
        #expect(requests.count == times)
        for request in requests {
            #expect(request.body.split(separator: "\n").map(String.init) == Self.lines)
            #expect(request.headers["content-type"] == "application/x-ndjson")
            #expect(request.headers["highwater-job"] == "job-1" && request.headers["highwater-events"] == "25")
        }
    }

    @Test("Retry-After is waited for")
    func retryAfter() async throws {
        let begin = ContinuousClock.now
        try await sink("429").send(Self.batch)
        #expect(ContinuousClock.now - begin >= .seconds(1))
    }

    @Test("a request that is too large is halved, and order stays")
    func halved() async throws {
        try await sink("large").send(Self.batch)
        let requests = try await taken()
        #expect(requests.count >= 3)
        #expect(requests.flatMap { $0.body.split(separator: "\n").map(String.init) } == Self.lines)
    }

    @Test(
        "what will not be taken ends it at once, with the server's words",
        arguments: ["400", "302", "404", "long400"]
    )
    func refused(step: String) async throws {
        let sink = try sink("\(step),\(step),\(step)")
        let error = try await #require(throws: ReplayJobError.self) { try await sink.send(Self.batch) }
        #expect(error.code == .refused && error.message.contains(step.suffix(3)))
        #expect(try await taken().isEmpty)
    }

    private final class Told: Sendable { let retries = Mutex<[StreamRetry]>([]) }

    @Test("what the server says comes as its text, without what a terminal would obey")
    func escapes() async throws {
        let sink = try sink("escape503,escape400")
        let told = Told()
        let observer = StreamRetry.Observer { retry in told.retries.withLock { $0.append(retry) } }
        let error = try await #require(throws: ReplayJobError.self) {
            try await StreamRetry.$observer.withValue(observer) { try await sink.send(Self.batch) }
        }
        let text = "the server's text is: \u{FFFD}[31mno\u{FFFD} no\u{FFFD}2J\u{FFFD}"
        #expect(error.message.contains("answers 400, and \(text)"), "\(error.message)")
        let retries = told.retries.withLock(\.self)
        let retry = try #require(retries.first)
        #expect(retry.attempts == 1 && retry.reason.contains("answers 503, and \(text)") && retry.place == sink.name)
        #expect(retries.count == 1)
    }

    @Test("a server that stays away is unavailable after a while, and one that is not there as well")
    func away() async throws {
        let stubborn = try sink(Array(repeating: "503", count: 500).joined(separator: ",")) {
            $0.retryTime = .milliseconds(300)
        }
        var error = try await #require(throws: ReplayJobError.self) { try await stubborn.send(Self.batch) }
        #expect(error.code == .unavailable && error.message.contains("503"))
        var nowhere = HTTPReplaySink.Configuration(url: "http://127.0.0.1:1/")
        nowhere.retryTime = .milliseconds(50)
        let absent = try HTTPReplaySink(nowhere, job: "j")
        error = try await #require(throws: ReplayJobError.self) { try await absent.send(Self.batch) }
        #expect(error.code == .unavailable)
    }

    @Test("requests are signed when there is a secret, arrays are JSON, and PUT is PUT")
    func signed() async throws {
        let sink = try sink("ok") { configuration in
            configuration.secret = Array("secret".utf8)
            configuration.body = .array
            configuration.format = .event
            configuration.method = "PUT"
            configuration.authorization = "Bearer x"
        }
        var batch = Self.batch
        batch.append(Event(id: "bytes", timestamp: Timestamp(microseconds: 1), data: [0xFF]))
        try await sink.send(batch)
        let request = try #require(try await taken().first)
        #expect(request.method == "PUT" && request.headers["authorization"] == "Bearer x")
        let parts = try #require(request.headers["highwater-signature"]).split(separator: ",")
            .map { $0.split(separator: "=")[1] }
        let code = HMAC<SHA256>
            .authenticationCode(
                for: Data("\(parts[0]).\(request.body)".utf8),
                using: SymmetricKey(data: Data("secret".utf8))
            )
        #expect(parts[1] == code.map { String(format: "%02x", $0) }.joined())
        let array = try #require(try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? [[String: Any]])
        #expect(array.count == 26 && array[3]["id"] as? String == "event-3" && array[25]["base64"] as? String == "/w==")
    }

    @Test("a payload that is no JSON is refused by name where lines have to be JSON")
    func noJSON() async throws {
        let sink = try sink("ok")
        let batch = EventBatch([Event(id: "bad", timestamp: .now, data: Array("{\"a\":".utf8))])
        let error = try await #require(throws: ReplayJobError.self) { try await sink.send(batch) }
        #expect(error.code == .refused && error.message.contains("\"bad\""))
    }

    @Test(
        "URLs that cannot be are refused",
        arguments: ["http://", "ftp://x", "https:///path", "http://user:pass@host/"]
    )
    func urls(url: String) {
        #expect(throws: ReplayJobError.self) { try HTTPReplaySink(.init(url: url), job: "j") }
    }
}
