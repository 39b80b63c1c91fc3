internal import CloudSupport
internal import RecordStreams

/// The parts of a `nats:` or `tls:` URL.
struct NATSURL {
    var servers: [NATSConfiguration.Server] = []
    var user: String?
    var password: String?
    var path: String?
    var isTLS = false
    private(set) var options: [String: String] = [:]
    /// The URL without secrets, and what it is.
    private let shown: String
    private let role: String
    /// Whether there is an `@` behind the servers, so that any part of it may be of a password.
    private let isUnclear: Bool

    private static let names: Set<String> = [
        "subject", "key-header", "domain", "name", "ca", "cert", "key", "attempts", "timeout",
    ]

    init(_ url: String, of role: String) throws {
        self.role = role
        let scheme = url.prefix { $0 != ":" }.lowercased()
        let isKnown = ["nats", "tls"].contains(scheme) && url.dropFirst(scheme.count).hasPrefix("://")
        // NATS_URL is often just host:port.
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let hosts = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        shown = ShownURL.withoutCredentials(url)
        isUnclear = rest[hosts.endIndex...].contains("@")
        guard isKnown || (role == "NATS_URL" && !url.contains("://")) else {
            throw invalid("does not begin with nats:// or tls://")
        }
        if isUnclear { throw invalid("") }
        isTLS = scheme == "tls"
        if hosts.count < authority.count {
            let sides = authority[..<hosts.startIndex].dropLast()
                .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                .map { PercentEncoding.decode($0) }
            guard let name = sides[0], !name.isEmpty, !sides.contains(nil) else {
                throw invalid("has a user or password that is not percent-encoded")
            }
            user = name
            if sides.count == 2 { password = sides[1] }
        }
        if !hosts.isEmpty {
            servers = try hosts.split(separator: ",", omittingEmptySubsequences: false).map { try server($0) }
        }
        let tail = rest[hosts.endIndex...]
        let place = tail.prefix { $0 != "?" }.drop { $0 == "/" }
        let trimmed = place.hasSuffix("/") ? place.dropLast() : place
        if !trimmed.isEmpty {
            guard let name = PercentEncoding.decode(trimmed) else { throw invalid("is not percent-encoded") }
            path = name
        }
        try readOptions(tail.drop { $0 != "?" }.dropFirst())
    }

    private func server(_ text: Substring) throws -> NATSConfiguration.Server {
        var (host, port) = (text, "4222"[...])
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let behind = text[text.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else {
                throw invalid("has a server that is not [ADDRESS] or [ADDRESS]:PORT")
            }
            if !behind.isEmpty { port = behind.dropFirst() }
        } else if let colon = text.lastIndex(of: ":") {
            (host, port) = (text[..<colon], text[text.index(after: colon)...])
        }
        guard !host.isEmpty, let number = Int(port), (1...65_535).contains(number) else {
            throw invalid("has a server that is not HOST or HOST:PORT, with a port from 1 to 65535")
        }
        return NATSConfiguration.Server(host: String(host), port: number)
    }

    private mutating func readOptions(_ query: Substring) throws {
        for item in query.split(separator: "&") {
            let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let name = PercentEncoding.decode(sides[0]),
                let value = PercentEncoding.decode(sides[1]), !value.isEmpty
            else { throw invalid("has the option `\(sides.count == 2 ? sides[0] : item)`, which is not NAME=VALUE") }
            guard Self.names.contains(name) else {
                throw invalid(
                    "has the unknown option `\(name)`; there are \(Self.names.sorted().joined(separator: ", "))"
                )
            }
            guard options.updateValue(value, forKey: name) == nil else {
                throw invalid("has the option `\(name)` twice")
            }
        }
    }

    /// An error about this URL, whose words show nothing secret.
    func invalid(_ problem: String) -> StreamError {
        let subject = role == "NATS_URL" ? "NATS_URL, \"\(shown)\"," : "The URL \"\(shown)\""
        let problem =
            isUnclear
            ? "has an @ behind its server; in a user, a password, a name or an option write %40 for @, %2F for /, %3F for ?, "
                + "%3A for :" : problem
        return StreamError(
            .invalidURL,
            "\(subject) \(problem); write for instance `nats://127.0.0.1:4222/ORDERS?subject=orders.{key}`."
        )
    }
}
