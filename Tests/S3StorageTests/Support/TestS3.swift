import AWSSigning
import CloudTesting
import Foundation
import ObjectStorage
import Testing

@testable import S3Storage

/// The S3 that tests run against: moto on this machine, or what `HIGHWATER_TEST_S3_ENDPOINT` names.
///
/// For another endpoint AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION have to be set, and the user has to be
/// allowed to create and delete buckets called `highwater-test-…`.
enum TestS3 {
    private static let server = Result { try PythonServer("moto_server.py") }
    private static let variables = ProcessInfo.processInfo.environment

    /// `http://host:port`.
    static var endpoint: String {
        get throws {
            if let endpoint = variables["HIGHWATER_TEST_S3_ENDPOINT"] { return endpoint }
            return "http://127.0.0.1:\(try server.get().port)"
        }
    }

    static var credentials: AWSCredentials {
        guard variables["HIGHWATER_TEST_S3_ENDPOINT"] != nil else {
            return AWSCredentials(accessKeyID: "test", secretAccessKey: "secret")
        }
        return AWSCredentials(
            accessKeyID: variables["AWS_ACCESS_KEY_ID"] ?? "",
            secretAccessKey: variables["AWS_SECRET_ACCESS_KEY"] ?? "",
            sessionToken: variables["AWS_SESSION_TOKEN"]
        )
    }

    static var region: String {
        variables["HIGHWATER_TEST_S3_ENDPOINT"] == nil ? "us-east-1" : variables["AWS_REGION"] ?? "us-east-1"
    }

    /// Runs a closure with a store on a bucket of its own, which goes afterwards.
    static func withStore(
        prefix: String = "",
        _ change: (inout S3Configuration) -> Void = { _ in },
        _ body: (S3ObjectStore) async throws -> Void
    ) async throws {
        let name = "highwater-test-\(UUID().uuidString.lowercased())"
        var configuration = S3Configuration(bucket: name, prefix: prefix, region: region, endpoint: try endpoint)
        let administration = try S3ObjectStore(
            S3Configuration(bucket: name, region: region, endpoint: try endpoint),
            credentials: StaticAWSCredentials(credentials)
        )
        _ = try await administration.client.answer(S3Call("PUT", nil, action: "s3:CreateBucket"))
        change(&configuration)
        let store = try S3ObjectStore(configuration, credentials: StaticAWSCredentials(credentials))
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(store))
        } catch {
            result = .failure(error)
        }
        let keys = try await administration.listAll().collect(upTo: 100_000).map(\.key)
        _ = try await administration.delete(keys)
        _ = try? await administration.client.answer(S3Call("DELETE", nil, action: "s3:DeleteBucket"))
        try result.get()
    }
}
