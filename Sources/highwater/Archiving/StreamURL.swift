internal import ArgumentParser
internal import CloudSupport
internal import KinesisStreams
internal import NATSStreams
internal import RecordStreams

/// Streams by URL.
enum StreamURL {
    /// What can be written.
    static let examples = "kinesis://orders?region=eu-west-1 or nats://127.0.0.1:4222/ORDERS?subject=orders.{key}"

    /// Opens a stream to read; nothing is asked of it yet.
    ///
    /// - Throws: ``StreamError/Code/invalidURL``.
    static func source(_ url: String) throws -> any StreamSource {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        return switch scheme {
        case "kinesis": try KinesisStream(url: url)
        case "nats", "tls": try NATSStream(url: url)
        default: throw StreamError(.invalidURL, "\"\(shown(url))\" is no stream; write for instance \(examples).")
        }
    }

    /// The URL without a password or a token, to be shown.
    static func shown(_ url: String) -> String { ShownURL.withoutCredentials(url) }
}
