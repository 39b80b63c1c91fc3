import CloudHTTP
import CloudTesting
import Foundation

@testable import GoogleCloudStorage

/// The emulator that tests run against.
enum TestGoogle {
    private static let server = Result { try PythonServer("gcs_server.py") }

    static var endpoint: String {
        get throws { "http://127.0.0.1:\(try server.get().port)" }
    }

    /// A store on a bucket of its own, which ends with the emulator.
    static func store(
        prefix: String = "",
        _ change: (inout GoogleCloudConfiguration) -> Void = { _ in }
    ) async throws -> GoogleCloudObjectStore {
        let name = "test-\(UUID().uuidString.lowercased())"
        let body = Array("{\"name\":\"\(name)\"}".utf8)
        let headers = [(name: "content-type", value: "application/json")]
        let response = try await HTTPTransport()
            .send(
                HTTPRequest("POST", "\(endpoint)/storage/v1/b?project=test", headers: headers, body: body)
            )
        guard response.status == 200 else { throw PythonServer.Failure(description: "No bucket: \(response.status)") }
        _ = try await response.collect(upTo: 1 << 20)
        var configuration = GoogleCloudConfiguration(bucket: name, prefix: prefix, endpoint: try endpoint)
        change(&configuration)
        return try GoogleCloudObjectStore(configuration, credentials: nil)
    }
}
