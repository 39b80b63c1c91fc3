import AWSSigning
import CloudHTTP
import CloudSupport
import CloudTesting
import Foundation
import Synchronization
import Testing

@testable import AWSAccess

@Suite("Credentials are found where AWS's tools find them")
struct CredentialTests {
    /// A folder with AWS's two files, and the variables that name them.
    private final class Home: Sendable {
        let folder = FileManager.default.temporaryDirectory.appending(path: "highwater-\(UUID().uuidString)")

        init(config: String = "", credentials: String = "") throws {
            try FileManager.default.createDirectory(
                at: folder.appending(path: ".aws"),
                withIntermediateDirectories: true
            )
            try write(".aws/config", config)
            try write(".aws/credentials", credentials)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        @discardableResult
        func write(_ name: String, _ text: String) throws -> String {
            let file = folder.appending(path: name)
            try Data(text.utf8).write(to: file)
            return file.path
        }

        func access(_ variables: [String: String] = [:], profile: String? = nil) -> AWSAccess {
            let all = ["HOME": folder.path, "AWS_EC2_METADATA_DISABLED": "true"].merging(variables) { $1 }
            return AWSAccess(profile: profile, environment: EnvironmentVariables(all))
        }
    }

    private static let config = """
        # of the company
        [default]
        region = eu-north-1
        [profile work]
        region=eu-west-3   ; far away
        endpoint_url = http://work:1
        s3 =
            addressing_style = path
        [profile roles]
        role_arn = arn:aws:iam::123456789012:role/readers
        source_profile = work
        [profile circle]
        role_arn = arn:aws:iam::123456789012:role/readers
        source_profile = circle
        [profile sso]
        sso_session = s
        [sso-session s]
        region = us-east-9
        """
    private static let credentials = """
        [default]
        aws_access_key_id = D
        aws_secret_access_key = d=d
        [work]
        aws_access_key_id = W
        aws_secret_access_key = w
        aws_session_token = t
        """

    @Test("Variables come first, then profiles by name")
    func order() async throws {
        let home = try Home(config: Self.config, credentials: Self.credentials)
        let plain = home.access()
        #expect(try await plain.credentials.credentials() == AWSCredentials(accessKeyID: "D", secretAccessKey: "d=d"))
        #expect(plain.region == "eu-north-1")
        let work = home.access(["AWS_PROFILE": "work"])
        let wanted = AWSCredentials(accessKeyID: "W", secretAccessKey: "w", sessionToken: "t")
        #expect(try await work.credentials.credentials() == wanted)
        #expect(work.region == "eu-west-3" && work.endpoint(service: "s3") == "http://work:1")
        let keys = ["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e", "AWS_REGION": "us-west-2"]
        let variables = home.access(keys)
        #expect(try await variables.credentials.credentials() == AWSCredentials(accessKeyID: "E", secretAccessKey: "e"))
        #expect(variables.region == "us-west-2")
        #expect(try await home.access(keys, profile: "work").credentials.credentials() == wanted)
    }

    @Test("What is missing or not possible is told, with what to do")
    func missing() async throws {
        let home = try Home(config: Self.config, credentials: Self.credentials)
        let empty = try Home()
        let cases: [(AWSAccess, String)] = [
            (home.access(["AWS_ACCESS_KEY_ID": "x"]), "AWS_SECRET_ACCESS_KEY is not"),
            (home.access(["AWS_PROFILE": "nobody"]), "no profile \"nobody\""),
            (home.access(profile: "sso"), "export-credentials --profile sso"),
            (home.access(profile: "circle"), "no credentials"),
            (empty.access(), "set AWS_ACCESS_KEY_ID"),
            (empty.access(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.example/x"]), "use https://"),
            (
                empty.access([
                    "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1",
                ]),
                "no EC2 instance with a role"
            ),
        ]
        for (access, words) in cases {
            let error = try await #require(throws: AWSAccessError.self) { try await access.credentials.credentials() }
            #expect(error.description.contains(words), "\(error)")
        }
    }

    @Test("A web identity and a role are traded at moto's token service")
    func tokens() async throws {
        let home = try Home(config: Self.config, credentials: Self.credentials)
        let token = try home.write("token", "a.b.c\n")
        let endpoint = try TestS3.endpoint
        let identity = home.access([
            "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pods",
            "AWS_ENDPOINT_URL_STS": endpoint,
        ])
        let first = try await identity.credentials.credentials()
        #expect(first.sessionToken != nil && (first.expiration ?? 0) > UTCTime.now())
        // Kept until shortly before it ends.
        #expect(try await identity.credentials.credentials() == first)
        await identity.credentials.invalidate(first)
        #expect(try await identity.credentials.credentials() != first)
        let role = home.access(["AWS_ENDPOINT_URL_STS": endpoint], profile: "roles")
        #expect(try await role.credentials.credentials().sessionToken != nil)
    }

    private static func document(_ key: String, seconds: Int64) -> String {
        let end = UTCTime.extended(UTCTime.now() + seconds * 1_000_000)
        return #"{"Code":"Success","AccessKeyId":"\#(key)","SecretAccessKey":"s","Token":"t","Expiration":"\#(end)"}"#
    }

    @Test("A container hands credentials out, to who shows the token of its file")
    func container() async throws {
        let home = try Home()
        let file = try home.write("authorization", "Bearer x\n")
        try await TestServer.run { request in
            request.target == "/creds?id=1" && request.header("authorization") == "Bearer x"
                ? .text(200, Self.document("C", seconds: 3600)) : .text(403, "{\"message\":\"no\"}")
        } _: { url in
            let access = home.access([
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(url)/creds?id=1",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file,
            ])
            let credentials = try await access.credentials.credentials()
            #expect(credentials.accessKeyID == "C")
        }
    }

    @Test("An instance hands credentials out by version 2 of its service alone, and anew before they end")
    func instance() async throws {
        let home = try Home()
        let served = Mutex(0)
        try await TestServer.run { request in
            if request.method == "PUT", request.header("x-aws-ec2-metadata-token-ttl-seconds") != nil {
                return .text(200, "TOKEN")
            }
            guard request.header("x-aws-ec2-metadata-token") == "TOKEN" else { return .text(401, "") }
            if request.target.hasSuffix("security-credentials/") { return .text(200, "my-role") }
            guard request.target.hasSuffix("security-credentials/my-role") else { return .text(404, "") }
            let number = served.withLock { served in
                served += 1
                return served
            }
            // Within five minutes of its end the first is renewed; when that fails, it is used on while it is valid.
            if number == 2 { return .text(404, "") }
            return .text(200, Self.document("I\(number)", seconds: number == 1 ? 100 : 3600))
        } _: { url in
            let access = home.access(["AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": url])
            #expect(try await access.credentials.credentials().accessKeyID == "I1")
            #expect(try await access.credentials.credentials().accessKeyID == "I1")
            #expect(served.withLock { $0 } == 2)
            await access.credentials.invalidate(try await access.credentials.credentials())
            #expect(try await access.credentials.credentials().accessKeyID == "I3")
        }
    }

    @Test("A value is fetched once for all who ask at once, and others take over from one who was cancelled")
    func singleFlight() async throws {
        let fetches = Mutex(0)
        let value = RefreshedValue<Int> {
            let number = fetches.withLock { fetches in
                fetches += 1
                return fetches
            }
            try await Task.sleep(for: .milliseconds(100))
            return .init(number, expiration: nil)
        }
        try await withThrowingTaskGroup(of: Int.self) { group in
            let first = Task { try await value.value() }
            while fetches.withLock({ $0 }) == 0 { await Task.yield() }
            for _ in 0..<50 { group.addTask { try await value.value() } }
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            let values = try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            #expect(values == [2])
        }
        #expect(fetches.withLock { $0 } == 2)
    }

    @Test("Waits grow to a bound, and follow what the server asked for")
    func waits() {
        let policy = RetryPolicy(attempts: 10, base: .milliseconds(50), cap: .seconds(2), total: .seconds(60))
        var random = SystemRandomNumberGenerator()
        for made in 1...40 {
            let bound = min(Duration.seconds(2), .milliseconds(50) * (1 << min(made - 1, 20)))
            for _ in 0..<20 {
                #expect((.zero...bound).contains(policy.delay(made: made, retryAfter: nil, random: &random)))
                #expect(policy.delay(made: made, retryAfter: .seconds(3), random: &random) >= .seconds(3))
            }
        }
        #expect(RetryPolicy.retryAfter("120") == .seconds(120))
        #expect(RetryPolicy.retryAfter("Sun, 30 Aug 2015 12:36:10 GMT", now: 1_440_938_160_000_000) == .seconds(10))
        #expect(RetryPolicy.retryAfter("soon") == nil && RetryPolicy.retryAfter(nil) == nil)
    }
}
