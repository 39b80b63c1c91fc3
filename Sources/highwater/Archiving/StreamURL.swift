internal import ArgumentParser
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
        default: throw StreamError(.invalidURL, "\"\(url)\" is no stream; write for instance \(examples).")
        }
    }

    /// The URL without a password or a token, to be shown.
    static func shown(_ url: String) -> String {
        guard let scheme = url.range(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard let at = authority.lastIndex(of: "@") else { return url }
        return url[..<scheme.upperBound] + "***" + rest[at...]
    }
}

extension String {
    /// Where a text is first.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        firstRange(of: text)
    }
}
