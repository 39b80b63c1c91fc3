import AWSSigning
import CloudHTTP
import CloudTesting
import Foundation
import GoogleCloudStorage
import ObjectStorage
import Testing

@testable import S3Storage

/// The stores that journals are tested on.
enum StoreKind: String, CaseIterable, Sendable {
    case directory, memory, s3, google
}

/// The servers of clouds on this machine, each started once.
enum CloudServers {
    private static let moto = Result { try PythonServer("../../S3StorageTests/Support/moto_server.py") }
    private static let google = Result { try PythonServer("../../GoogleCloudStorageTests/Support/gcs_server.py") }
    private static let variables = ProcessInfo.processInfo.environment

    /// `http://host:port` of an S3: moto's, or what `HIGHWATER_TEST_S3_ENDPOINT` names.
    static var s3: String {
        get throws {
            if let endpoint = variables["HIGHWATER_TEST_S3_ENDPOINT"] { return endpoint }
            return "http://127.0.0.1:\(try moto.get().port)"
        }
    }

    private static var isForeign: Bool { variables["HIGHWATER_TEST_S3_ENDPOINT"] != nil }

    static var credentials: AWSCredentials {
        AWSCredentials(
            accessKeyID: isForeign ? variables["AWS_ACCESS_KEY_ID"] ?? "" : "test",
            secretAccessKey: isForeign ? variables["AWS_SECRET_ACCESS_KEY"] ?? "" : "secret",
            sessionToken: isForeign ? variables["AWS_SESSION_TOKEN"] : nil
        )
    }

    static var region: String { isForeign ? variables["AWS_REGION"] ?? "us-east-1" : "us-east-1" }

    /// The environment of programs that are to reach the S3.
    static func environment() throws -> [String: String] {
        var environment = variables
        environment["AWS_ACCESS_KEY_ID"] = credentials.accessKeyID
        environment["AWS_SECRET_ACCESS_KEY"] = credentials.secretAccessKey
        environment["AWS_SESSION_TOKEN"] = credentials.sessionToken
        environment["AWS_REGION"] = region
        environment["AWS_ENDPOINT_URL_S3"] = try s3
        return environment
    }

    /// Runs a closure with a fresh bucket of S3, which goes afterwards.
    ///
    /// - Parameter body: Is given the bucket's name, and a function that opens it at an endpoint (the true one by
    ///   default).
    /// - Throws: What the closure threw, or why there is no bucket.
    static func withBucket(
        _ body: (_ name: String, _ open: @escaping @Sendable (_ endpoint: String?) throws -> S3ObjectStore) async throws
            -> Void
    ) async throws {
        let name = "highwater-test-\(UUID().uuidString.lowercased())"
        let (endpoint, credentials, region) = (try s3, credentials, region)
        let open: @Sendable (String?) throws -> S3ObjectStore = { other in
            var configuration = S3Configuration(bucket: name, region: region, endpoint: other ?? endpoint)
            configuration.addressing = .path
            if other != nil { configuration.attempts = 40 }
            return try S3ObjectStore(configuration, credentials: StaticAWSCredentials(credentials))
        }
        let administration = try open(nil)
        _ = try await administration.client.answer(S3Call("PUT", nil, action: "s3:CreateBucket"))
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(name, open))
        } catch {
            result = .failure(error)
        }
        let keys = try await administration.listAll().collect(upTo: 1_000_000).map(\.key)
        _ = try await administration.delete(keys)
        _ = try? await administration.client.answer(S3Call("DELETE", nil, action: "s3:DeleteBucket"))
        try result.get()
    }

    /// Runs a closure with a way to open a fresh store of a kind again and again: each time as another process would.
    static func withStore(
        _ kind: StoreKind,
        _ body: (_ open: @escaping @Sendable () throws -> any ObjectStore) async throws -> Void
    ) async throws {
        switch kind {
        case .memory:
            let store = MemoryObjectStore()
            try await body { store }
        case .directory:
            let directory = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try await body { LocalObjectStore(directory: directory) }
        case .s3: try await withBucket { _, open in try await body { try open(nil) } }
        case .google:
            let bucket = try await googleBucket()
            let endpoint = "http://127.0.0.1:\(try google.get().port)"
            try await body {
                try GoogleCloudObjectStore(
                    GoogleCloudConfiguration(bucket: bucket, endpoint: endpoint),
                    credentials: nil
                )
            }
        }
    }

    /// `http://host:port` of the emulator of Google's.
    static var googleEndpoint: String { get throws { "http://127.0.0.1:\(try google.get().port)" } }

    /// A fresh bucket of the emulator, which ends with it.
    static func googleBucket() async throws -> String {
        let name = "test-\(UUID().uuidString.lowercased())"
        let endpoint = "http://127.0.0.1:\(try google.get().port)"
        let response = try await HTTPTransport()
            .send(
                HTTPRequest(
                    "POST",
                    "\(endpoint)/storage/v1/b?project=test",
                    headers: [("content-type", "application/json")],
                    body: Array("{\"name\":\"\(name)\"}".utf8)
                )
            )
        guard response.status == 200 else { throw PythonServer.Failure(description: "No bucket: \(response.status)") }
        _ = try await response.collect(upTo: 1 << 20)
        return name
    }
}

extension CloudServers {
    /// Runs a closure with the URL of a fresh journal for other programs, their environment, and a way to open it here.
    static func withPlace(
        _ kind: StoreKind,
        _ body: (
            _ url: String, _ environment: [String: String], _ open: @escaping @Sendable () throws -> any ObjectStore
        ) async throws -> Void
    ) async throws {
        switch kind {
        case .s3:
            try await withBucket { name, open in
                try await body("s3://\(name)", try environment()) { try open(nil) }
            }
        case .google:
            let bucket = try await googleBucket()
            let endpoint = "http://127.0.0.1:\(try google.get().port)"
            var environment = variables
            environment["STORAGE_EMULATOR_HOST"] = endpoint
            try await body("gs://\(bucket)", environment) {
                try GoogleCloudObjectStore(
                    GoogleCloudConfiguration(bucket: bucket, endpoint: endpoint),
                    credentials: nil
                )
            }
        case .directory, .memory:
            let directory = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try await body(directory, variables) { LocalObjectStore(directory: directory) }
        }
    }
}
