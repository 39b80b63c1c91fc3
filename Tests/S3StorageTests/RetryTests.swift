import CloudSupport
import CloudTesting
import Foundation
import ObjectStorage
import Synchronization
import Testing

@testable import AWSAccess
@testable import CloudHTTP
@testable import S3Storage

@Suite("Requests are tried again for as long as an outage lasts", .timeLimit(.minutes(1)))
struct RetryTests {
    /// A course of time that waits take along.
    private final class Course: Sendable {
        private let elapsed = Mutex(Duration.zero)
        let waits = Mutex<[Duration]>([])

        var now: Duration { elapsed.withLock(\.self) }
        var clock: RetryClock {
            RetryClock(
                now: { self.now },
                sleep: { wait in
                    self.waits.withLock { $0.append(wait) }
                    self.elapsed.withLock { $0 += wait }
                }
            )
        }
    }

    /// What a store goes by unless told otherwise.
    private static var policy: RetryPolicy {
        let configuration = S3Configuration(bucket: "bucket")
        return RetryPolicy(attempts: configuration.attempts, total: configuration.retryTime)
    }

    @Test("an outage of almost three minutes is outlasted, and its end is noticed within five seconds")
    func outlasted() async throws {
        for _ in 0..<50 {
            let course = Course()
            var attempts = Attempts(Self.policy, clock: course.clock)
            while course.now < .seconds(170) { #expect(try await attempts.wait()) }
            #expect(course.now < .seconds(175))
            #expect(course.waits.withLock { $0.allSatisfy { $0 <= .seconds(5) } })
            // Not a storm of requests either.
            #expect((40...160).contains(attempts.made), "\(attempts.made)")
        }
    }

    @Test("in the end it is given up: after three minutes, 15 seconds where nobody ever answered, or some attempts")
    func givenUp() async throws {
        for (isUnreached, limits) in [(false, 174...180), (true, 9...15)] {
            let course = Course()
            var attempts = Attempts(Self.policy, clock: course.clock)
            while try await attempts.wait(isUnreached: isUnreached) {}
            #expect((Duration.seconds(limits.lowerBound)...(.seconds(limits.upperBound))).contains(course.now))
        }
        var some = Attempts(RetryPolicy(attempts: 3), clock: Course().clock)
        for isLast in [false, false, true] { #expect(try await some.wait() != isLast) }
        // A server that asks for more time than there is.
        var asked = Attempts(Self.policy, clock: Course().clock)
        #expect(try await !asked.wait(retryAfter: .seconds(600)))
    }

    @Test("an endpoint is unreached until it has answered, unless it only takes its time")
    func contact() {
        let contact = EndpointContact()
        let (refused, broken) = (HTTPFailure(.notSent, "refused"), HTTPFailure(.broken, "no HTTP"))
        #expect(contact.isUnreached(refused) && contact.isUnreached(broken))
        #expect(!contact.isUnreached(HTTPFailure(.timedOut, "slow")))
        contact.noteAnswer()
        #expect(!contact.isUnreached(refused) && !contact.isUnreached(broken))
    }

    @Test("what a service of credentials is waited for is told to who hears of the store's retries")
    func credentials() async throws {
        let heard = Mutex<[ObjectStoreRetry]>([])
        let requests = Mutex(0)
        let bytes = try await TestServer.run { request in
            if request.target.hasPrefix("/object") || request.target.hasPrefix("/bucket") {
                return .answer(TestReply.Answer(200, headers: [("etag", "\"1\"")], body: [1, 2, 3]))
            }
            let number = requests.withLock { requests in
                defer { requests += 1 }
                return requests
            }
            if number == 0 { return .text(503, "busy") }
            if number == 1 { return .reset }
            return .text(200, #"{"AccessKeyId":"a","SecretAccessKey":"b","Token":"c"}"#)
        } _: { url in
            let environment = EnvironmentVariables([
                "HOME": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/credentials?secret=1",
            ])
            let access = AWSAccess(profile: nil, environment: environment)
            let configuration = S3Configuration(bucket: "bucket", endpoint: url)
            let observer = ObjectStoreRetry.Observer { retry in heard.withLock { $0.append(retry) } }
            let store = try S3ObjectStore(configuration, credentials: access.credentials, retries: observer)
            return try await store.get("object", range: nil).bytes
        }
        #expect(bytes == [1, 2, 3])
        let retries = heard.withLock(\.self)
        #expect(retries.map(\.attempts) == [1, 2], "\(retries)")
        #expect(retries.first?.reason == "status 503")
        for retry in retries {
            #expect(retry.request.hasPrefix("get credentials from http://") && !retry.request.contains("secret"))
        }
    }

    @Test("the time for retries can be set in the URL")
    func option() async throws {
        let access = AWSAccess(profile: nil, environment: EnvironmentVariables([:]))
        let configuration = try S3Configuration(url: "s3://bucket?retry-time=900&attempts=7", access: access)
        #expect(configuration.retryTime == .seconds(900) && configuration.attempts == 7)
        #expect(try S3Configuration(url: "s3://bucket", access: access).attempts == nil)
        let busy = Mutex(0)
        try await TestServer.run { _ in
            busy.withLock { $0 += 1 }
            return .text(503, "<Error><Code>SlowDown</Code></Error>")
        } _: { url in
            let configuration = try S3Configuration(url: "s3://bucket?endpoint=\(url)&retry-time=1", access: access)
            let store = try S3ObjectStore(configuration, credentials: nil)
            let start = ContinuousClock.now
            await #expect(throws: ObjectStoreError(.unavailable, "")) { try await store.get("object", range: nil) }
            #expect(ContinuousClock.now - start < .seconds(20))
        }
        #expect(busy.withLock(\.self) > 2)
    }
}
