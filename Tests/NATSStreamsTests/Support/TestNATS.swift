import CloudTesting
import Foundation
import NIOCore
import NIOPosix
import RecordStreams
import Testing

@testable import NATSStreams

/// What the tests of NATS have in common.
enum TestNATS {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The program of nats-py.
    static let peer = root.appending(path: "Tests/NATSStreamsTests/Support/peer.py").path
    static let python = URL(
        filePath: ProcessInfo.processInfo.environment["HIGHWATER_PYTHON"]
            ?? root.appending(path: ".tools/venv/bin/python").path
    )

    /// A stream of its own; its subjects are `NAME.>`.
    static func stream(
        _ server: NATSServer,
        limits: String = "",
        user: (String, String)? = nil,
        _ change: (inout NATSConfiguration) throws -> Void = { _ in }
    ) async throws -> NATSStream {
        let name = "T\(UUID().uuidString.prefix(8))"
        var configuration = NATSConfiguration(stream: name, servers: [.init(host: "127.0.0.1", port: server.port)])
        configuration.subject = try NATSSubject("\(name).{key}")
        configuration.requestTimeout = .seconds(3)
        if let user { (configuration.user, configuration.password) = user }
        try change(&configuration)
        let stream = try NATSStream(configuration)
        try await create(stream, limits: limits)
        return stream
    }

    /// Makes the stream of a client on its server.
    static func create(_ stream: NATSStream, limits: String = "") async throws {
        let name = stream.client.configuration.stream
        let connection = try await stream.client.connection()
        _ = try await stream.client.call(
            connection,
            "STREAM.CREATE.\(name)",
            "{\"name\":\"\(name)\",\"subjects\":[\"\(name).>\"],\"storage\":\"file\"\(limits)}"
        )
    }

    /// Makes a request of the JSON API.
    static func call(_ stream: NATSStream, _ subject: String, _ request: String = "") async throws {
        _ = try await stream.client.call(try await stream.client.connection(), subject, request)
    }

    /// Everything behind a position.
    static func read(_ stream: NATSStream, from start: StreamStart = .beginning) async throws -> [StreamRecord] {
        let shard = try #require(try await stream.shards().first)
        let reader = try await stream.reader(of: shard.id, from: start)
        var records: [StreamRecord] = []
        while true {
            let batch = try await reader.next()
            records += batch.records
            if batch.isAtTip { return records }
        }
    }

    static func text(_ record: StreamRecord) -> String { String(decoding: record.data, as: UTF8.self) }
}

private final class Greeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let greeting: String

    init(greeting: String) { self.greeting = greeting }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: greeting)), promise: nil)
    }
}

/// A server that answers every connection with bytes of a test's choice, and says nothing more.
final class TalkingServer: Sendable {
    private let channel: any Channel
    var port: Int { channel.localAddress?.port ?? 0 }

    init(_ greeting: String) async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Greeter(greeting: greeting))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async throws { try await channel.close() }
}
