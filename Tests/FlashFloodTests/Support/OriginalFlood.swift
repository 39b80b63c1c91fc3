import AWSSigning
import CloudTesting
import EventJournal
import Foundation
import ObjectStorage
import S3Storage
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A flash-flood in a bucket of its own at a moto server, driven by the original library.
final class OriginalFlood: Sendable {
    /// An operation of the library, or of the script around it.
    struct Operation: Sendable {
        var name: String
        var arguments: [String: any Sendable]

        static func put(_ id: String, _ time: Int64, _ data: [UInt8]) -> Operation {
            Operation(name: "put", arguments: ["id": id, "date": time, "data": Data(data).base64EncodedString()])
        }
        static func update(_ id: String, _ data: [UInt8]) -> Operation {
            Operation(name: "update", arguments: ["id": id, "data": Data(data).base64EncodedString()])
        }
        static func delete(_ id: String) -> Operation { Operation(name: "delete", arguments: ["id": id]) }
        static let apply = Operation(name: "apply", arguments: [:])
        static func journal(_ events: Int, size: Int? = nil) -> Operation {
            Operation(name: "journal", arguments: size.map { ["events": events, "size": $0] } ?? ["events": events])
        }
        static func collate(_ first: Int, _ count: Int) -> Operation {
            Operation(name: "collate", arguments: ["first": first, "count": count])
        }
        static func dieCombining(_ first: Int, _ count: Int) -> Operation {
            Operation(name: "die_combining", arguments: ["first": first, "count": count])
        }
        static func putObject(_ key: String, _ data: [UInt8]) -> Operation {
            Operation(name: "put_object", arguments: ["key": key, "data": Data(data).base64EncodedString()])
        }
        static func removeObject(_ key: String) -> Operation {
            Operation(name: "remove_object", arguments: ["key": key])
        }
        static func cutObject(_ key: String, _ length: Int) -> Operation {
            Operation(name: "cut_object", arguments: ["key": key, "length": length])
        }
        static let keys = Operation(name: "keys", arguments: [:])
        static let replay = Operation(name: "replay", arguments: [:])
        static let streams = Operation(name: "streams", arguments: [:])
        static func get(_ ids: [String]) -> Operation { Operation(name: "get", arguments: ["ids": ids]) }
    }

    /// An event as the library tells of it.
    struct Told: Hashable, CustomStringConvertible {
        var id: String
        var time: Int64?
        /// Base 64, or why there is none.
        var data: String
        var description: String { "\(id)@\(time.map(String.init) ?? "?")=\(data.prefix(60))" }

        init(_ id: String, _ time: Int64?, _ data: [UInt8]) {
            self.id = id
            self.time = time
            self.data = Data(data).base64EncodedString()
        }

        init?(json: Any) {
            guard let parts = json as? [Any], parts.count == 3, let id = parts[0] as? String,
                let data = parts[2] as? String
            else { return nil }
            self.id = id
            self.data = data
            time = (parts[1] as? NSNumber)?.int64Value
        }
    }

    private static let server = Result {
        let support = URL(filePath: #filePath).deletingLastPathComponent()
        let tests = support.deletingLastPathComponent().deletingLastPathComponent()
        return try PythonServer(
            "moto_server.py",
            beside: tests.appending(path: "S3StorageTests/Support/OriginalFlood.swift").path
        )
    }

    /// The library, waiting for programs.
    private static let library = Result { try PythonServer("flash_flood.py", arguments: [try endpoint]) }

    let bucket: String
    let prefix: String

    init(prefix: String = "root/flood") async throws {
        bucket = "flood-\(UUID().uuidString.lowercased())"
        self.prefix = prefix
        try await run([Operation(name: "create", arguments: [:])])
    }

    static var endpoint: String { get throws { "http://127.0.0.1:\(try server.get().port)" } }

    /// The URL of the flood for the program.
    var url: String { get throws { "s3://\(bucket)/\(prefix)?endpoint=\(try Self.endpoint)&region=us-east-1" } }

    /// The flood as a store of ours.
    var store: S3ObjectStore {
        get throws {
            try S3ObjectStore(
                S3Configuration(bucket: bucket, prefix: prefix, region: "us-east-1", endpoint: try Self.endpoint),
                credentials: StaticAWSCredentials(AWSCredentials(accessKeyID: "test", secretAccessKey: "secret"))
            )
        }
    }

    /// Runs operations; the value of each, or `nil` where the library refused.
    @discardableResult
    func run(_ operations: [Operation]) async throws -> [Any?] {
        let program: [String: Any] = [
            "bucket": bucket, "prefix": prefix, "operations": operations.map { [$0.name, $0.arguments] as [Any] },
        ]
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(try Self.library.get().port)")))
        request.httpMethod = "POST"
        request.httpBody = try JSONSerialization.data(withJSONObject: program)
        request.timeoutInterval = 600
        let (body, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode
        try #require(status == 200, "flash_flood.py failed: \(String(decoding: body.suffix(2000), as: UTF8.self))")
        let results = try #require(try JSONSerialization.jsonObject(with: body) as? [[String: Any]])
        return results.map { $0.keys.contains("refused") ? nil : $0["value"] ?? NSNull() }
    }

    /// What the library replays.
    func replay() async throws -> [Told] { try Self.told(try await run([.replay])[0]) }

    /// What its `get_event` gives.
    func get(_ ids: [String]) async throws -> [Told] { try Self.told(try await run([.get(ids)])[0]) }

    /// All keys below the prefix.
    func keys() async throws -> [String] { try #require(try await run([.keys])[0] as? [String]) }

    static func told(_ value: Any?) throws -> [Told] {
        try #require(value as? [Any]).map { try #require(Told(json: $0)) }
    }
}

extension Journal {
    /// All events as flash-flood would tell of them, in order of replay.
    func told() async throws -> [OriginalFlood.Told] {
        var all: [OriginalFlood.Told] = []
        for try await event in replay().events {
            all.append(.init(event.id, event.timestamp.microseconds, event.data))
        }
        return all
    }
}
