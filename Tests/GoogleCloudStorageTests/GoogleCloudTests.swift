import CloudSupport
import CloudTesting
import Crypto
import CryptoExtras
import Foundation
import ObjectStorage
import ObjectStorageTesting
import Synchronization
import Testing
import TextEncoding

@testable import GoogleCloudStorage

@Suite("Google Cloud Storage does what a store must")
struct GoogleCloudTests {
    @Test("A bucket", arguments: ObjectStoreConformance.checks)
    func bucket(_ check: ObjectStoreConformance.Check) async throws {
        try await check.run(on: TestGoogle.store())
    }

    @Test(
        "Small pieces and ranges behind a prefix",
        arguments: ObjectStoreConformance.checks.filter { !$0.name.contains("odd keys") }
    )
    func smallPieces(_ check: ObjectStoreConformance.Check) async throws {
        let store = try await TestGoogle.store(prefix: "some/where") { configuration in
            configuration.chunkBytes = 256 << 10
            configuration.rangeBytes = 300_000
        }
        try await check.run(on: store)
    }

    /// Runs a closure with a store whose way to the emulator has faults on it.
    private func withFaults(
        _ handler: @escaping @Sendable (TestRequest, TestProxy) async throws -> TestReply,
        _ body:
            @escaping @Sendable (_ store: GoogleCloudObjectStore, _ direct: GoogleCloudObjectStore) async throws -> Void
    ) async throws {
        let direct = try await TestGoogle.store()
        let proxy = TestProxy(to: try TestGoogle.endpoint)
        try await TestServer.run { request in
            try await handler(request, proxy)
        } _: { url in
            var configuration = direct.client.configuration
            configuration.endpoint = url
            configuration.attempts = 30
            configuration.chunkBytes = 256 << 10
            try await body(GoogleCloudObjectStore(configuration, credentials: nil), direct)
        }
    }

    @Test("Faults lose nothing and double nothing", arguments: [1, UInt64.random(in: 2...1 << 40)])
    func faults(seed: UInt64) async throws {
        let random = Mutex(SeededRandom(seed: seed))
        try await withFaults { request, proxy in
            switch random.withLock({ $0.next() % 12 }) {
            case 0: return .reset
            case 1:
                _ = try await proxy.forward(request)
                return .reset
            case 2: return .text(503, "Busy")
            case 3:
                let answer = try await proxy.forward(request)
                return answer.body.isEmpty ? .reset : .cut(answer, at: answer.body.count / 2)
            default: return .answer(try await proxy.forward(request))
            }
        } _: { store, direct in
            try await direct.put("counter", [0], mode: .ifAbsent)
            let (done, unknown) = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        var (done, unknown) = (0, 0)
                        for round in 0..<6 {
                            try await store.put("log/\(writer)-\(round)", [UInt8(writer)], mode: .ifAbsent)
                            while true {
                                let current = try await store.get("counter", range: nil)
                                do {
                                    let mode = PutMode.ifMatches(entityTag: current.metadata.entityTag)
                                    try await store.put("counter", [current.bytes[0] + 1], mode: mode)
                                    done += 1
                                    break
                                } catch let error as ObjectStoreError where error.code == .preconditionFailed {
                                    continue
                                } catch let error as ObjectStoreError where error.code == .unavailable {
                                    unknown += 1
                                    break
                                }
                            }
                        }
                        return (done, unknown)
                    }
                }
                return try await group.reduce(into: (0, 0)) { $0 = ($0.0 + $1.0, $0.1 + $1.1) }
            }
            let count = Int(try await direct.get("counter", range: nil).bytes[0])
            #expect((done...done + unknown).contains(count), "seed \(seed): \(count), \(done), \(unknown)")
            #expect(try await direct.listAll(prefix: "log/").collect(upTo: 100).count == 24)

            let bytes = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 13 ^ $0 >> 9) }
            let stored = try await store.upload("big", mode: .ifAbsent) { upload in
                for start in stride(from: 0, to: bytes.count, by: 100_000) {
                    try await upload.write(Array(bytes[start..<start + 100_000]))
                }
            }
            let got = try await direct.get("big", range: nil)
            #expect(got.bytes == bytes && got.metadata.entityTag == stored.entityTag, "seed \(seed)")
            #expect(try await store.get("big", range: nil).bytes == bytes, "seed \(seed)")
            try await store.copy("big", to: "copy", mode: .ifAbsent)
            #expect(try await direct.get("copy", range: nil).bytes == bytes, "seed \(seed)")
        }
    }

    @Test("Refusals say what to do")
    func refusals() async throws {
        for (status, words, code) in [
            (403, "Grant storage.objects.get", ObjectStoreError.Code.permissionDenied),
            (401, "credentials", .permissionDenied),
            (307, "redirects", .failed),
        ] {
            try await TestServer.run { _ in
                .text(status, "{\"error\":{\"message\":\"no\",\"errors\":[{\"reason\":\"forbidden\"}]}}")
            } _: { url in
                let store = try GoogleCloudObjectStore(
                    GoogleCloudConfiguration(bucket: "bucket", endpoint: url),
                    credentials: nil
                )
                let error = try await #require(throws: ObjectStoreError.self) { try await store.get("key", range: nil) }
                #expect(error.code == code && error.message.contains(words), "\(error)")
            }
        }
        // What a proxy says, and a text that was cut within a character.
        for (body, words) in [
            (Array("<html>\n<b>no\u{1B}</b>".utf8), "status 400: <html> <b>no\u{FFFD}</b>"),
            (Array("{\"error\":{\"message\":\"no é".utf8.dropLast()) + Array("\"}}".utf8), "status 400: no \u{FFFD}"),
        ] {
            try await TestServer.run { _ in
                .answer(TestReply.Answer(400, body: body))
            } _: { url in
                let store = try GoogleCloudObjectStore(
                    GoogleCloudConfiguration(bucket: "bucket", endpoint: url),
                    credentials: nil
                )
                let error = try await #require(throws: ObjectStoreError.self) { try await store.get("key", range: nil) }
                #expect(error.message.contains(words), "\(error)")
            }
        }
        let configuration = GoogleCloudConfiguration(bucket: "no-such-bucket", endpoint: try TestGoogle.endpoint)
        let store = try GoogleCloudObjectStore(configuration, credentials: nil)
        let error = try await #require(throws: ObjectStoreError.self) { try await store.list(ListOptions()) }
        #expect(error.code == .failed && error.message.contains("no bucket \"no-such-bucket\""))
    }

    @Test("A service account's key is traded for a token, and signs URLs that its public key confirms")
    func serviceAccount() async throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let requests = Mutex(0)
        try await TestServer.run { request in
            let form = String(decoding: request.body, as: UTF8.self)
            guard form.contains("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"),
                let assertion = form.split(separator: "assertion=").last
            else { return .text(400, "no") }
            let parts = assertion.split(separator: ".")
            let signature = _RSA.Signing.RSASignature(rawRepresentation: Data(Base64.decode(parts[2]) ?? []))
            let signed = Data("\(parts[0]).\(parts[1])".utf8)
            guard key.publicKey.isValidSignature(signature, for: signed, padding: .insecurePKCS1v1_5) else {
                return .text(401, "bad")
            }
            requests.withLock { $0 += 1 }
            return .text(200, "{\"access_token\":\"T1\",\"expires_in\":3599,\"token_type\":\"Bearer\"}")
        } _: { url in
            let file = """
                {"type":"service_account","client_email":"me@x.iam","private_key_id":"7","token_uri":"\(url)/token",
                 "private_key":\(JSONString.quoted(key.pemRepresentation))}
                """
            let credentials = try ApplicationDefaultCredentials(file: "key.json", file)
            let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 { group.addTask { try await credentials.accessToken() } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(tokens == ["T1"] && requests.withLock { $0 } == 1)

            let signer = try #require(credentials.signer)
            let path = "/bucket/a%20b"
            let query = try GoogleCloudObjectStore.signedQuery(
                path,
                host: "storage.googleapis.com",
                signer: signer,
                seconds: 600,
                now: 1_440_938_160_000_000
            )
            let sides = query.split(separator: "&X-Goog-Signature=")
            #expect(
                sides[0]
                    == "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=me%40x.iam%2F20150830%2Fauto%2Fstorage%2Fgoog4_request"
                    + "&X-Goog-Date=20150830T123600Z&X-Goog-Expires=600&X-Goog-SignedHeaders=host"
            )
            let canonical = "GET\n\(path)\n\(sides[0])\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD"
            let hash = SHA256.hash(data: Data(canonical.utf8)).map { String(format: "%02x", $0) }.joined()
            let text = "GOOG4-RSA-SHA256\n20150830T123600Z\n20150830/auto/storage/goog4_request\n\(hash)"
            let digits = Array(sides[1])
            let bytes = stride(from: 0, to: digits.count, by: 2)
                .compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
            let signature = _RSA.Signing.RSASignature(rawRepresentation: Data(bytes))
            #expect(key.publicKey.isValidSignature(signature, for: Data(text.utf8), padding: .insecurePKCS1v1_5))
        }
    }

    /// What Google's own library signs.
    private struct SignedURLs: Decodable {
        struct Case: Decodable {
            var bucket: String
            var key: String
            var seconds: Int
            var moment: Int64
            var url: String
        }
        var file: String
        var cases: [Case]
    }

    @Test(
        "Signed URLs are those of Google's own library, byte for byte",
        arguments: [1, UInt64.random(in: 2...1 << 40)]
    )
    func signedURLs(seed: UInt64) async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Support/signed_urls.py")
        let signed = try await ChildProgram.run(ChildProgram.python, [script.path, String(seed), "100"])
        try #require(signed.status == 0, "signed_urls.py failed; run make setup: \(signed.error)")
        let data = Data(signed.output.utf8)
        let theirs = try JSONDecoder().decode(SignedURLs.self, from: data)
        let credentials = try ApplicationDefaultCredentials(file: "key.json", theirs.file)
        let signer = try #require(credentials.signer)
        #expect(theirs.cases.count == 100)
        for (number, theirs) in theirs.cases.enumerated() {
            let store = try GoogleCloudObjectStore(
                GoogleCloudConfiguration(bucket: theirs.bucket),
                credentials: credentials
            )
            let ours = try store.signedURL(
                theirs.key,
                signer: signer,
                seconds: theirs.seconds,
                now: theirs.moment * 1_000_000 + 999_999
            )
            #expect(ours == theirs.url, "seed \(seed), case \(number)")
        }
    }

    @Test("A user's login and the metadata server give tokens; what gives none says what to do")
    func otherCredentials() async throws {
        try await TestServer.run { request in
            if request.target.hasPrefix("/computeMetadata"), request.header("metadata-flavor") == "Google" {
                return .text(200, "{\"access_token\":\"M\",\"expires_in\":100}")
            }
            let isRefresh = String(decoding: request.body, as: UTF8.self).contains("refresh_token=r%2F1")
            return isRefresh ? .text(200, "{\"access_token\":\"U\",\"expires_in\":3600}") : .text(400, "bad")
        } _: { url in
            let user = """
                {"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r/1","token_uri":"\(url)/t"}
                """
            #expect(try await ApplicationDefaultCredentials(file: "f", user).accessToken() == "U")
            let host = String(url.dropFirst(7))
            let machine = try ApplicationDefaultCredentials(
                environment: EnvironmentVariables(["GCE_METADATA_HOST": host, "HOME": "/nowhere"])
            )
            #expect(try await machine.accessToken() == "M")
        }
        let none = try ApplicationDefaultCredentials(
            environment: EnvironmentVariables(["GCE_METADATA_HOST": "127.0.0.1:1", "HOME": "/nowhere"])
        )
        let error = try await #require(throws: GoogleCredentialsError.self) { try await none.accessToken() }
        #expect(error.description.contains("gcloud auth application-default login"))
        for file in [
            "", "{}", #"{"type":"external_account"}"#,
            #"{"type":"service_account","client_email":"a","private_key":"b"}"#,
        ] {
            #expect(throws: GoogleCredentialsError.self) { try ApplicationDefaultCredentials(file: "f", file) }
        }
    }

    @Test("what a service of tokens is waited for is told to who hears of the store's retries")
    func tokenRetries() async throws {
        let heard = Mutex<[ObjectStoreRetry]>([])
        let requests = Mutex(0)
        let bytes = try await TestServer.run { request in
            guard request.target.hasPrefix("/computeMetadata") else {
                let headers = [(name: "x-goog-generation", value: "1")]
                return .answer(TestReply.Answer(200, headers: headers, body: [1, 2]))
            }
            let isFirst = requests.withLock { requests in
                requests += 1
                return requests == 1
            }
            return isFirst ? .text(503, "busy") : .text(200, #"{"access_token":"T","expires_in":3600}"#)
        } _: { url in
            let machine = try ApplicationDefaultCredentials(
                environment: EnvironmentVariables(["GCE_METADATA_HOST": String(url.dropFirst(7)), "HOME": "/nowhere"])
            )
            let configuration = GoogleCloudConfiguration(bucket: "bucket", endpoint: url)
            let observer = ObjectStoreRetry.Observer { retry in heard.withLock { $0.append(retry) } }
            let store = try GoogleCloudObjectStore(configuration, credentials: machine, retries: observer)
            return try await store.get("object", range: nil).bytes
        }
        #expect(bytes == [1, 2])
        let retries = heard.withLock(\.self)
        #expect(retries.count == 1 && retries.first?.reason == "status 503", "\(retries)")
        #expect(retries.first?.request.hasPrefix("get credentials from http://") == true, "\(retries)")
    }

    @Test("URLs and the emulator's variable")
    func urls() throws {
        var registry = ObjectStoreRegistry()
        registry.registerGoogleCloud(environment: EnvironmentVariables(["STORAGE_EMULATOR_HOST": "localhost:9023"]))
        let store = try #require(
            try registry.open("gs://bucket/a%20b?storage-class=NEARLINE") as? GoogleCloudObjectStore
        )
        #expect(store.client.base == "http://localhost:9023" && store.client.configuration.prefix == "a b")
        #expect(store.client.configuration.storageClass == "NEARLINE" && store.client.credentials == nil)
        for url in ["gs:x", "gs://", "gs://B", "gs://bucket?x=1", "gs://bucket/%2"] {
            #expect(throws: ObjectStoreError(.invalidURL, "")) { try registry.open(url) }
        }
    }
}
