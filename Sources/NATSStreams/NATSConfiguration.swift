internal import CloudSupport
internal import RecordStreams

/// Where a JetStream stream is, and how it is used.
public struct NATSConfiguration: Sendable {
    /// A server of the cluster.
    public struct Server: Sendable, Hashable, CustomStringConvertible {
        /// A name or an address.
        public var host: String
        /// The port of clients.
        public var port: Int

        /// Makes a server.
        public init(host: String, port: Int = 4222) {
            self.host = host
            self.port = port
        }

        /// `host:port`.
        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// The name of the stream.
    public var stream: String
    /// Servers to try in turn; all of one cluster.
    public var servers: [Server]
    /// A user; `nil` when the server asks for none.
    public var user: String?
    /// The password of the user.
    public var password: String?
    /// A token in place of user and password.
    public var token: String?
    /// Whether a connection without TLS is refused; TLS is used in any case when the server asks for it.
    public var requiresTLS = false
    /// PEM file of the authorities that may vouch for the server; `nil` for those of the system.
    public var authorityFile: String?
    /// PEM file of the certificate that is shown to the server; `nil` for none.
    public var certificateFile: String?
    /// PEM file of its private key.
    public var keyFile: String?
    /// The JetStream domain; `nil` for that of the server.
    public var domain: String?
    /// What the stream is called in ids instead of its own name; tells streams of one name apart.
    public var alias: String?
    /// The subject of a record: a text in which `{key}` stands for its key.
    public var subject = NATSSubject.wholeKey
    /// The header that holds the key; `nil` when the subject does.
    public var keyHeader: String?
    /// To connect, TLS included.
    public var connectTimeout = Duration.seconds(5)
    /// For an answer.
    public var requestTimeout = Duration.seconds(10)
    /// The most attempts at a request, the first included.
    public var attempts = 10
    /// No further attempt begins later than this after the first.
    public var retryTime = Duration.seconds(60)
    /// Whether a server that was never reached is tried as often as one that was; three times otherwise, since most
    /// likely the address is wrong.
    public var waitsForServer = false
    /// The most records sent and not acknowledged.
    public var windowRecords = 8192
    /// The most bytes of them.
    public var windowBytes = 8 << 20
    /// The most records read at a time.
    public var batchRecords = 10_000
    /// The most bytes read at a time; a record may be longer.
    public var batchBytes = 16 << 20

    /// Makes a configuration; everything else has a default.
    public init(stream: String, servers: [Server] = [Server(host: "127.0.0.1")]) {
        self.stream = stream
        self.servers = servers
    }

    /// `nats://` and the servers, without secrets, for messages.
    var place: String { "nats://" + servers.map(\.description).joined(separator: ",") }
}

extension NATSConfiguration {
    /// Reads `nats://[user:password@]host[:port][,host…]/STREAM?option=value&…`, or `tls://…` where TLS must be.
    ///
    /// Without a host, `nats:///STREAM`, that of `NATS_URL` counts, else 127.0.0.1. Without a user in it, `NATS_USER`
    /// and `NATS_PASSWORD`, or `NATS_TOKEN`; `NATS_CA`, `NATS_CERT` and `NATS_KEY` are files of TLS. A name before `@`
    /// without a colon is a token. The options are `subject`, `key-header`, `domain`, `name`, `ca`, `cert`, `key`,
    /// `attempts` and `timeout` (seconds for an answer).
    ///
    /// - Parameter url: The URL; user, password, stream and options are percent-encoded.
    /// - Throws: ``StreamError/Code/invalidURL``, with nothing secret in its message.
    public init(url: String) throws { try self.init(url: url, environment: .process) }

    init(url: String, environment: EnvironmentVariables) throws {
        var parts = try NATSURL(url, of: "the stream")
        guard let stream = parts.path else {
            throw parts.invalid("names no stream")
        }
        guard Self.isStreamName(stream) else {
            throw parts.invalid("has the stream name \"\(stream)\"; it may not have blanks, dots, slashes, `*` and `>`")
        }
        if parts.servers.isEmpty {
            let fallback = try NATSURL(environment["NATS_URL"] ?? "nats://127.0.0.1:4222", of: "NATS_URL")
            if parts.user == nil { (parts.user, parts.password) = (fallback.user, fallback.password) }
            parts.servers = fallback.servers
            parts.isTLS = parts.isTLS || fallback.isTLS
        }
        self.init(stream: stream, servers: parts.servers.isEmpty ? [Server(host: "127.0.0.1")] : parts.servers)
        requiresTLS = parts.isTLS
        if let user = parts.user {
            if let password = parts.password { (self.user, self.password) = (user, password) } else { token = user }
        } else if let user = environment["NATS_USER"] {
            (self.user, password) = (user, environment["NATS_PASSWORD"] ?? "")
        } else {
            token = environment["NATS_TOKEN"]
        }
        let options = parts.options
        authorityFile = options["ca"] ?? environment["NATS_CA"]
        certificateFile = options["cert"] ?? environment["NATS_CERT"]
        keyFile = options["key"] ?? environment["NATS_KEY"]
        domain = options["domain"]
        alias = options["name"]
        keyHeader = options["key-header"]
        if let text = options["subject"] {
            subject = try NATSSubject(text)
        } else if keyHeader != nil {
            throw parts.invalid("has key-header and no subject for records: add for instance `subject=orders.new`")
        }
        if (certificateFile == nil) != (keyFile == nil) {
            throw parts.invalid("has one of cert and key without the other")
        }
        func number(_ name: String, _ range: ClosedRange<Double>) throws -> Double? {
            guard let text = options[name] else { return nil }
            guard let value = Double(text), range.contains(value) else {
                throw parts.invalid(
                    "has \(name)=\(text), which is no number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
            return value
        }
        if let attempts = try number("attempts", 1...100) { self.attempts = Int(attempts) }
        if let seconds = try number("timeout", 0.1...3600) { requestTimeout = .seconds(seconds) }
        try check()
    }

    /// Refuses what cannot be.
    func check() throws {
        func invalid(_ problem: String) -> StreamError {
            StreamError(.invalidURL, "The stream \"\(stream)\" of \(place) \(problem).")
        }
        guard Self.isStreamName(stream) else { throw invalid("has a name that no stream can have") }
        guard !servers.isEmpty else { throw invalid("has no server") }
        if !subject.hasKey, keyHeader == nil {
            throw invalid(
                "has the subject \"\(subject)\" for every record, and nothing to hold the key: write {key} into it, or add key-header"
            )
        }
        for (what, text) in [("key-header", keyHeader), ("name", alias), ("domain", domain)] {
            guard let text else { continue }
            let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"\\:".utf8.contains($0) }
            guard isPlain, (1...128).contains(text.utf8.count) else {
                throw invalid(
                    "has \(what)=\(text); it must be 1 to 128 ASCII characters without blanks, colons, quotation marks and "
                        + "backslashes"
                )
            }
        }
    }

    /// Whether a stream can have this name; the rule of the server, and what ids can hold.
    static func isStreamName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count)
            && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !".*>/\\\"".utf8.contains($0) }
    }
}
