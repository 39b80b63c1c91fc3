internal import CloudSupport
internal import EventJournal
internal import KinesisStreams
internal import NATSStreams
internal import ObjectStorage
internal import ReplayJobs

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where a replay job sends, from words that are stored in the job.
enum SinkArgument {
    /// What kind of sink words name.
    private enum Kind {
        case kinesis
        case nats
        case http
        case file(String)
        case standardOutput
        case journal
    }

    /// Options of a job that say more of its sink.
    static let method = "method"
    static let body = "body"
    static let format = "format"
    static let giveUpAfter = "give-up-after"

    private static func kind(_ text: String) throws -> Kind {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard !text.isEmpty else { throw wrong(text) }
        guard scheme.count < text.count, !scheme.contains("/"), !scheme.isEmpty else {
            if text == "-" { return .standardOutput }
            if text.hasSuffix("/") || isDirectory(text) { return .journal }
            return .file(text)
        }
        switch scheme {
        case "kinesis": return .kinesis
        case "nats", "tls": return .nats
        case "http", "https": return .http
        case "file":
            let path = try path(ofFileURL: text)
            return path.hasSuffix("/") || isDirectory(path) ? .journal : .file(path)
        case "s3", "gs", "memory": return .journal
        default: throw wrong(text)
        }
    }

    private static func wrong(_ text: String) -> CommandError {
        CommandError(
            status: Failure.usage,
            message:
                "\"\(StreamURL.shown(text))\" is no sink. Write kinesis://STREAM?region=…, nats://HOST/STREAM, https://…, a file, - for standard output, or a "
                + "journal: s3://…, gs://…, or a directory that exists or ends with a slash."
        )
    }

    /// The sink as a job has it, which any process can open from anywhere: paths are absolute.
    ///
    /// - Throws: ``CommandError`` when it is none, or a directory that no journal can be in.
    static func stored(_ text: String) throws -> String {
        switch try kind(text) {
        case .kinesis, .standardOutput: return text
        case .http:
            try SinkSecrets.check(text)
            return text
        case .nats:
            guard StreamURL.shown(text) == text else {
                throw CommandError(
                    status: Failure.usage,
                    message:
                        "The URL of a sink is stored in the job, so it must not have a password or token in it; write "
                        + "nats:///STREAM, and the server with its password into NATS_URL."
                )
            }
            return text
        case .file(let path): return AbsolutePath.of(path)
        case .journal:
            let isFileURL = text.lowercased().hasPrefix("file:")
            if !isFileURL, text.contains("://") || text.lowercased().hasPrefix("memory:") { return text }
            let path = AbsolutePath.of(isFileURL ? try path(ofFileURL: text) : text)
            try SinkDirectory.check(path)
            return path.hasSuffix("/") ? path : path + "/"
        }
    }

    /// The path of `file:PATH`, `file:///PATH` or `file://localhost/PATH`.
    private static func path(ofFileURL text: String) throws -> String {
        var rest = text.dropFirst("file:".count)
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            if rest.lowercased().hasPrefix("localhost/") { rest = rest.dropFirst("localhost".count) }
            guard rest.hasPrefix("/") else { throw wrong(text) }
        }
        guard !rest.isEmpty, let path = PercentEncoding.decode(rest) else { throw wrong(text) }
        return path
    }

    /// Opens the sink of a job.
    ///
    /// - Throws: ``ReplayJobError``, `StreamError`, or `JournalError` when it cannot be.
    static func open(_ spec: ReplayJobSpec, job: String, from journal: Journal) async throws -> any ReplaySink {
        let format = spec.sinkOptions[SinkArgument.format].flatMap { RecordFormat(rawValue: $0) }
        switch try kind(spec.sink) {
        case .kinesis: return StreamReplaySink(try kinesis(spec))
        case .nats:
            return StreamReplaySink(
                try nats(spec),
                batchRecords: 5000,
                batchBytes: 8 << 20,
                job: job
            )
        case .http: return try HTTPReplaySink(try http(spec, format), job: job)
        case .file(let path): return FileReplaySink(path: path, format: format ?? .data)
        case .standardOutput: return FileReplaySink(path: nil, format: format ?? .data)
        case .journal:
            let target = try await JournalArgument.open(spec.sink, create: true)
            let places = [target.location, journal.location]
                .map { place in
                    String(place.reversed().drop { $0 == "/" }.reversed())
                }
            guard places[0] != places[1] else {
                throw CommandError(
                    status: Failure.usage,
                    message:
                        "\(target.location) is the journal itself: its events have these ids already. Name another one."
                )
            }
            return JournalReplaySink(target)
        }
    }

    /// How long a batch is tried, if the job says so.
    private static func patience(_ spec: ReplayJobSpec) throws -> Duration? {
        guard let text = spec.sinkOptions[giveUpAfter] else { return nil }
        guard let argument = DurationArgument(argument: text) else {
            throw CommandError(
                status: Failure.damaged,
                message: "The job gives up after \"\(text)\", which is no time."
            )
        }
        return argument.duration
    }

    private static func kinesis(_ spec: ReplayJobSpec) throws -> KinesisStream {
        var (configuration, credentials) = try KinesisConfiguration.open(url: spec.sink)
        if let patience = try patience(spec) { (configuration.attempts, configuration.retryTime) = (.max, patience) }
        return try KinesisStream(configuration, credentials: credentials)
    }

    private static func nats(_ spec: ReplayJobSpec) throws -> NATSStream {
        var configuration = try NATSConfiguration(url: spec.sink)
        if let patience = try patience(spec) {
            (configuration.attempts, configuration.retryTime) = (.max, patience)
            configuration.waitsForServer = true
        }
        return try NATSStream(configuration)
    }

    private static func http(_ spec: ReplayJobSpec, _ format: RecordFormat?) throws -> HTTPReplaySink.Configuration {
        var configuration = HTTPReplaySink.Configuration(url: try SinkSecrets.filled(spec.sink))
        configuration.name = StreamURL.shown(spec.sink)
        configuration.method = spec.sinkOptions[SinkArgument.method] ?? configuration.method
        configuration.body =
            spec.sinkOptions[SinkArgument.body].flatMap { HTTPReplaySink.Configuration.Body(rawValue: $0) }
            ?? configuration.body
        configuration.format = format ?? configuration.format
        configuration.retryTime = try patience(spec) ?? configuration.retryTime
        configuration.authorization = EnvironmentVariables.process["HIGHWATER_HTTP_AUTHORIZATION"]
        configuration.secret = try SinkSecrets.value(of: "HIGHWATER_HTTP_SECRET")
        return configuration
    }

    /// Which options of the command a sink has no use for.
    static func check(_ text: String, _ options: [String: String]) throws {
        let isHTTP: Bool
        let isText: Bool
        var isPatient = true
        switch try kind(text) {
        case .http: (isHTTP, isText) = (true, true)
        case .file, .standardOutput: (isHTTP, isText, isPatient) = (false, true, false)
        case .kinesis, .nats: (isHTTP, isText) = (false, false)
        case .journal: (isHTTP, isText, isPatient) = (false, false, false)
        }
        func refuse(_ option: String, _ what: String) throws {
            throw CommandError(
                status: Failure.usage,
                message: "\(option) is for \(what), and \(StreamURL.shown(text)) is none."
            )
        }
        if !isPatient, options[giveUpAfter] != nil { try refuse("--give-up-after", "streams and http: sinks") }
        if !isHTTP, options[method] != nil { try refuse("--method", "http: sinks") }
        if !isHTTP, options[body] != nil { try refuse("--body", "http: sinks") }
        if !isText, options[format] != nil { try refuse("--format", "files, standard output and http: sinks") }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var information = stat()
        return unsafe stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }
}
