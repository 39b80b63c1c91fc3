import CloudTesting
import Foundation
import ObjectStorage
import Synchronization
import Testing

@testable import GoogleCloudStorage
@testable import PresignedStorage
@testable import S3Storage

@Suite("What stores wait for is told", .timeLimit(.minutes(5)))
struct StoreNotesTests {
    /// A server that asks to come back later some times, and then has no bucket.
    private static func withBusyServer<Result: Sendable>(
        _ times: Int,
        retryAfter: String? = nil,
        _ body: @escaping @Sendable (_ url: String) async throws -> Result
    ) async throws -> Result {
        let left = Mutex(times)
        return try await TestServer.run { request in
            let isBusy = left.withLock { left in
                left -= 1
                return left >= 0
            }
            let isGoogle = request.target.contains("/storage/v1/")
            if isBusy {
                let text =
                    isGoogle
                    ? #"{"error":{"message":"come \u001b[31mback","errors":[{"reason":"backendError"}]}}"#
                    : "<Error><Code>SlowDown</Code><Message>come &#27;[31mback</Message></Error>"
                return .text(503, text, retryAfter.map { [("Retry-After", $0)] } ?? [])
            }
            return .text(404, isGoogle ? "{}" : "<Error><Code>NoSuchBucket</Code></Error>")
        } _: { url in
            try await body(url)
        }
    }

    private static func target(_ scheme: String, _ endpoint: String) -> String {
        "\(scheme)://a-bucket/journal?endpoint=\(endpoint)"
            + (scheme == "gs" ? "&anonymous=true" : "&region=us-east-1&anonymous=true")
    }

    @Test("the program says what a store waits for, once in five seconds", arguments: ["s3", "gs"])
    func program(scheme: String) async throws {
        let outcome = try await Self.withBusyServer(2, retryAfter: "2") { url in
            try await ChildProgram.run(ChildProgram.highwater, ["stats", Self.target(scheme, url)])
        }
        #expect(outcome.status == 1 && outcome.error.contains("There is no bucket"), "\(outcome.said)")
        #expect(outcome.error.contains("could not list \(scheme)://a-bucket/journal"), "\(outcome.said)")
        #expect(outcome.error.contains("yet: status 503 "), "\(outcome.said)")
        #expect(outcome.error.contains("(attempt 1 failed; again in 2"), "\(outcome.said)")
        #expect(outcome.error.split(separator: "\n").count == 2, "\(outcome.said)")
        #expect(outcome.error.contains("back") && !outcome.error.contains("\u{1B}"), "\(outcome.said)")
        #expect(outcome.output.isEmpty)
    }

    @Test("nothing is said of what passes at once, nor with --quiet")
    func silence() async throws {
        let brief = try await Self.withBusyServer(2) { url in
            try await ChildProgram.run(ChildProgram.highwater, ["stats", Self.target("s3", url)])
        }
        #expect(brief.status == 1 && !brief.error.contains("503"), "\(brief.said)")
        let quiet = try await Self.withBusyServer(1, retryAfter: "2") { url in
            try await ChildProgram.run(ChildProgram.highwater, ["sql", Self.target("s3", url), "select 1", "--quiet"])
        }
        #expect(quiet.error.contains("There is no bucket") && !quiet.error.contains("503"), "\(quiet.said)")
    }

    @Test("an observer hears of attempts that failed, and of answers that were cut", arguments: ["s3", "gs"])
    func observer(scheme: String) async throws {
        let heard = Mutex<[ObjectStoreRetry]>([])
        let requests = Mutex(0)
        let observer = ObjectStoreRetry.Observer { retry in heard.withLock { $0.append(retry) } }
        let bytes = [UInt8](repeating: 7, count: 1000)
        let read = try await TestServer.run { request in
            let number = requests.withLock { requests in
                defer { requests += 1 }
                return requests
            }
            if number == 0 { return .text(503, "busy") }
            if number == 1 { return .reset }
            let headers = [(name: "etag", value: "\"1\""), ("x-goog-generation", "1")]
            guard let range = request.header("range"), number > 2 else {
                return .cut(TestReply.Answer(200, headers: headers, body: bytes), at: 300)
            }
            let first = try #require(Int(range.dropFirst("bytes=".count).prefix { $0 != "-" }))
            let part = headers + [(name: "content-range", value: "bytes \(first)-999/1000")]
            return .answer(TestReply.Answer(206, headers: part, body: Array(bytes[first...])))
        } _: { url in
            let google = GoogleCloudConfiguration(bucket: "bucket", endpoint: url)
            let amazon = S3Configuration(bucket: "bucket", endpoint: url)
            let store: any ObjectStore =
                scheme == "gs"
                ? try GoogleCloudObjectStore(google, credentials: nil, retries: observer)
                : try S3ObjectStore(amazon, credentials: nil, retries: observer)
            return try await store.get("a/b", range: nil).bytes
        }
        #expect(read == bytes)
        let retries = heard.withLock(\.self)
        #expect(retries.count == 3 && retries.map(\.attempts) == [1, 2, 1], "\(retries)")
        #expect(retries.allSatisfy { $0.request.contains("read \"a/b\" in \(scheme)://bucket") }, "\(retries)")
        #expect(retries.first?.reason.contains("503") == true, "\(retries)")
    }

    @Test("an observer of presigned URLs hears of attempts that failed, and of answers that were cut")
    func presigned() async throws {
        let heard = Mutex<[ObjectStoreRetry]>([])
        let requests = Mutex(0)
        let bytes = [UInt8](repeating: 7, count: 1000)
        let read = try await TestServer.run { request in
            let number = requests.withLock { requests in
                defer { requests += 1 }
                return requests
            }
            if number == 0 { return .text(503, "busy") }
            let headers = [(name: "etag", value: "\"1\"")]
            guard let range = request.header("range") else {
                return .cut(TestReply.Answer(200, headers: headers, body: bytes), at: 300)
            }
            let first = try #require(Int(range.dropFirst("bytes=".count).prefix { $0 != "-" }))
            let part = headers + [(name: "content-range", value: "bytes \(first)-999/1000")]
            return .answer(TestReply.Answer(206, headers: part, body: Array(bytes[first...])))
        } _: { url in
            let store = PresignedObjectStore(
                ["a/b": PresignedURL(url + "/a/b?X-Amz-Signature=secret", expiration: nil)],
                location: "s3://bucket",
                retries: ObjectStoreRetry.Observer { retry in heard.withLock { $0.append(retry) } }
            )
            return try await store.get("a/b", range: nil).bytes
        }
        #expect(read == bytes)
        let retries = heard.withLock(\.self)
        #expect(retries.map(\.attempts) == [1, 2], "\(retries)")
        #expect(retries.allSatisfy { $0.request == "read \"a/b\" of s3://bucket" }, "\(retries)")
        #expect(retries.first?.reason == "status 503" && !"\(retries)".contains("secret"), "\(retries)")
    }
}
