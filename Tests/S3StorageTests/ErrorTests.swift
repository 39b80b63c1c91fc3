import AWSSigning
import CloudSupport
import CloudTesting
import ObjectStorage
import Testing

@testable import S3Storage

@Suite("What S3 refuses is told with what to do")
struct ErrorTests {
    private static let bucket = "my-bucket"

    private func error(
        _ status: Int,
        _ code: String,
        more: String = "",
        headers: [(name: String, value: String)] = [],
        of request: @escaping @Sendable (S3ObjectStore) async throws -> Void = {
            _ = try await $0.get("folder/key", range: nil)
        }
    ) async throws -> ObjectStoreError {
        let document = code.isEmpty ? "" : "<Error><Code>\(code)</Code><Message>said S3.</Message>\(more)</Error>"
        return try await TestServer.run { _ in
            .text(status, document, headers)
        } _: { url in
            let credentials = StaticAWSCredentials(AWSCredentials(accessKeyID: "a", secretAccessKey: "b"))
            let configuration = S3Configuration(bucket: Self.bucket, prefix: "pre", region: "us-east-1", endpoint: url)
            let store = try S3ObjectStore(configuration, credentials: credentials)
            return try await #require(throws: ObjectStoreError.self) { try await request(store) }
        }
    }

    @Test("No such bucket")
    func bucket() async throws {
        let error = try await error(404, "NoSuchBucket") { _ = try await $0.list(ListOptions()) }
        #expect(
            error.code == .failed && error.message.contains("no bucket \"my-bucket\"")
                && error.message.contains("Create it")
        )
    }

    @Test("Access denied names the permission and the object")
    func denied() async throws {
        let read = try await error(403, "AccessDenied")
        #expect(read.code == .permissionDenied)
        #expect(read.message.contains("Allow s3:GetObject on arn:aws:s3:::my-bucket/pre/folder/key"))
        let write = try await error(403, "AccessDenied") { _ = try await $0.put("key", [1]) }
        #expect(write.message.contains("s3:PutObject on arn:aws:s3:::my-bucket/pre/key"))
        let list = try await error(403, "AccessDenied") { _ = try await $0.list(ListOptions()) }
        #expect(list.message.contains("s3:ListBucket on arn:aws:s3:::my-bucket"))
    }

    @Test(
        "Another region is named",
        arguments: [
            (301, "PermanentRedirect", "", true), (301, "", "", true), (400, "", "", true),
            (400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>", false),
        ]
    )
    func region(_ status: Int, _ code: String, _ more: String, _ isInHeader: Bool) async throws {
        let error = try await error(
            status,
            code,
            more: more,
            headers: isInHeader ? [("x-amz-bucket-region", "eu-west-1")] : []
        )
        #expect(error.code == .failed && error.message.contains("AWS_REGION=eu-west-1"), "\(error)")
    }

    @Test("Redirects are not followed, and named")
    func redirect() async throws {
        let error = try await error(307, "TemporaryRedirect", more: "<Endpoint>elsewhere.example</Endpoint>")
        #expect(error.code == .failed && error.message.contains("redirects to elsewhere.example"))
    }

    @Test("A wrong clock is told with both times")
    func clock() async throws {
        let error = try await error(403, "RequestTimeTooSkewed", more: "<ServerTime>2031-02-03T04:05:06Z</ServerTime>")
        #expect(
            error.code == .permissionDenied && error.message.contains("2031-02-03T04:05:06Z")
                && error.message.contains("clock")
        )
    }

    @Test("Credentials that are not accepted", arguments: ["InvalidAccessKeyId", "SignatureDoesNotMatch"])
    func credentials(_ code: String) async throws {
        let error = try await error(403, code)
        #expect(error.code == .permissionDenied && error.message.contains("access key") && error.message.contains(code))
    }

    @Test(
        "Expired credentials are to be replaced, a closed account is no matter of permissions, no full stop comes twice"
    )
    func otherRefusals() async throws {
        let expired = try await error(400, "ExpiredToken")
        #expect(expired.code == .permissionDenied && expired.message.contains("have expired"), "\(expired)")
        let account = try await error(403, "AccountProblem")
        #expect(account.code == .permissionDenied && !account.message.contains("Allow "), "\(account)")
        let denied = try await error(403, "AccessDenied")
        #expect(denied.message.contains("Allow s3:"), "\(denied)")
        for error in [expired, account, denied] { #expect(!error.message.contains(".."), "\(error)") }
    }

    @Test("A deletion fails key by key")
    func deletion() async throws {
        let failures = try await TestServer.run { _ in
            .text(
                200,
                "<DeleteResult><Error><Key>pre/b&amp;c</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"
            )
        } _: { url in
            let configuration = S3Configuration(bucket: Self.bucket, prefix: "pre", endpoint: url)
            return try await S3ObjectStore(configuration, credentials: nil).delete(["a", "b&c", "/d"])
        }
        #expect(failures.map(\.key).sorted() == ["/d", "b&c"])
        #expect(Set(failures.map(\.error.code)) == [.invalidKey, .permissionDenied])
    }

    @Test("An error behind a good status is one")
    func hiddenError() async throws {
        let error = try await TestServer.run { request in
            request.method == "HEAD"
                ? .answer(.init(200, headers: [("etag", "\"x\"")], body: [1]))
                : .text(200, "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
        } _: { url in
            let store = try S3ObjectStore(S3Configuration(bucket: Self.bucket, endpoint: url), credentials: nil)
            return try await #require(throws: ObjectStoreError.self) {
                try await store.copy("a", to: "b", mode: .overwrite)
            }
        }
        #expect(error.message.contains("AccessDenied"))
    }

    @Test("Expired credentials are asked for anew, once")
    func expired() async throws {
        try await TestServer.run { request in
            request.header("authorization")?.contains("Credential=new/") == true
                ? .answer(.init(200, headers: [("etag", "\"x\"")]))
                : .text(400, "<Error><Code>ExpiredToken</Code></Error>")
        } _: { url in
            let store = try S3ObjectStore(S3Configuration(bucket: Self.bucket, endpoint: url), credentials: Renewable())
            #expect(try await store.put("key", [1]).entityTag == "\"x\"")
        }
    }

    private actor Renewable: AWSCredentialsProvider {
        private var name = "old"

        func credentials() async throws -> AWSCredentials { AWSCredentials(accessKeyID: name, secretAccessKey: "x") }
        func invalidate(_ credentials: AWSCredentials) async { if credentials.accessKeyID == name { name = "new" } }
    }

    @Test(
        "URLs that cannot be understood say why",
        arguments: [
            ("s3:bucket", "s3://"), ("s3://", "names no bucket"), ("s3://b", "3 to 255"),
            ("s3://bucket?x=1", "unknown option `x`"),
            ("s3://bucket?region=a&region=b", "twice"), ("s3://bucket/a%2", "escapes nothing"),
            ("s3://bucket?endpoint=ftp://x", "http://"),
            ("s3://bucket?part-size=5", "number from"), ("s3://bucket?sse=rot13", "AES256"),
            ("s3://bucket?region=a/b", "cannot be a region"),
        ]
    )
    func urls(_ url: String, _ reason: String) throws {
        var registry = ObjectStoreRegistry()
        registry.registerS3(environment: EnvironmentVariables([:]))
        let error = try #require(throws: ObjectStoreError.self) { try registry.open(url) }
        #expect(error.message.contains(reason), "\(error)")
    }

    @Test("A URL, and variables behind it, say where and how")
    func settings() throws {
        let variables = EnvironmentVariables([
            "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://other:1",
            "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000/s3/",
        ])
        var registry = ObjectStoreRegistry()
        registry.registerS3(environment: variables)
        let url =
            "s3://bucket/a%20b/c?storage-class=STANDARD_IA&sse-kms-key-id=k&tag.team=x%20y&meta.by=me&checksums=false"
        let store = try #require(try registry.open(url) as? S3ObjectStore)
        let configuration = store.client.configuration
        #expect(configuration.region == "eu-central-1" && configuration.prefix == "a b/c")
        #expect(
            store.client.endpoint.url(path: store.client.endpoint.path("a b/c/ü"), query: "")
                == "http://127.0.0.1:9000/s3/bucket/a%20b/c/%C3%BC"
        )
        #expect(
            configuration.writeHeaders.map { "\($0.name): \($0.value)" } == [
                "x-amz-storage-class: STANDARD_IA", "x-amz-server-side-encryption: aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id: k", "x-amz-tagging: team=x%20y", "x-amz-meta-by: me",
            ]
        )
        let again = try #require(
            try ObjectStoreRegistry.standard.with(variables).open(store.location) as? S3ObjectStore
        )
        #expect(again.location == store.location)
    }

    @Test("Hosts are AWS's own unless an endpoint is given")
    func hosts() throws {
        func url(_ bucket: String, _ change: (inout S3Configuration) -> Void = { _ in }) throws -> String {
            var configuration = S3Configuration(bucket: bucket, region: "eu-west-1")
            change(&configuration)
            let endpoint = try S3Endpoint(configuration)
            return endpoint.url(path: endpoint.path("k"), query: "")
        }
        #expect(try url("bucket") == "https://bucket.s3.eu-west-1.amazonaws.com/k")
        #expect(try url("dotted.bucket") == "https://s3.eu-west-1.amazonaws.com/dotted.bucket/k")
        #expect(try url("bucket") { $0.addressing = .path } == "https://s3.eu-west-1.amazonaws.com/bucket/k")
        #expect(try url("bucket") { $0.endpoint = "https://x.example:443" } == "https://x.example/bucket/k")
        let virtual = try url("bucket") {
            $0.endpoint = "https://x.example"
            $0.addressing = .virtualHost
        }
        #expect(virtual == "https://bucket.x.example/k")
    }
}

extension ObjectStoreRegistry {
    fileprivate func with(_ variables: EnvironmentVariables) -> Self {
        var registry = self
        registry.registerS3(environment: variables)
        return registry
    }
}
