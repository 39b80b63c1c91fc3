internal import AWSAccess
public import AWSSigning
internal import CloudSupport
internal import RecordStreams

/// Where a Kinesis stream is, and how it is used.
public struct KinesisConfiguration: Sendable {
    /// The name of the stream.
    public var stream: String
    /// The region, such as `eu-west-1`.
    public var region: String
    /// `http://host:port` instead of Amazon's own endpoint; `nil` for that.
    public var endpoint: String?
    /// To connect.
    public var connectTimeout = Duration.seconds(5)
    /// Without a byte of an answer.
    public var idleTimeout = Duration.seconds(30)
    /// For a whole request of few bytes.
    public var requestTimeout = Duration.seconds(60)
    /// The most attempts at a request, the first included.
    public var attempts = 10
    /// No further attempt begins later than this after the first.
    public var retryTime = Duration.seconds(180)
    /// GetRecords a second of one shard; the service allows 5 to all readers of the shard together.
    public var readsPerSecond = 5.0
    /// Bytes a second read of one shard; the service allows 2 MiB to all its readers together.
    public var readBytesPerSecond = 2 << 20

    /// Makes a configuration; everything else has a default.
    public init(stream: String, region: String, endpoint: String? = nil) {
        self.stream = stream
        self.region = region
        self.endpoint = endpoint
    }

    /// Reads `kinesis://STREAM?option=value&…`, with what the URL leaves open taken from AWS's variables and files.
    ///
    /// The options are `region`, `endpoint`, `profile`, `attempts`, `timeout` (seconds without a byte) and
    /// `reads-per-second` (of a shard, up to 5, where other readers share it).
    ///
    /// - Parameter url: The URL; names and values in its query are percent-encoded.
    /// - Returns: The configuration, and where credentials come from: the chain that S3 uses.
    /// - Throws: ``StreamError/Code/invalidURL``.
    public static func open(url: String) throws -> (KinesisConfiguration, any AWSCredentialsProvider) {
        let (stream, options) = try split(url)
        let access = AWSAccess(profile: options["profile"])
        guard let region = options["region"] ?? access.region else {
            throw StreamError(
                .invalidURL,
                "The URL \"\(ShownURL.withoutCredentials(url))\" names no region, and neither does AWS_REGION; write for instance "
                    + "`kinesis://\(stream)?region=eu-west-1`."
            )
        }
        var configuration = KinesisConfiguration(
            stream: stream,
            region: region,
            endpoint: options["endpoint"] ?? access.endpoint(service: "kinesis")
        )
        func number(_ name: String, _ range: ClosedRange<Double>) throws -> Double? {
            guard let text = options[name] else { return nil }
            guard let value = Double(text), range.contains(value) else {
                throw StreamError(
                    .invalidURL,
                    "The option \(name)=\(text) of \"\(ShownURL.withoutCredentials(url))\" is not a number from \(range.lowerBound) to "
                        + "\(range.upperBound)."
                )
            }
            return value
        }
        if let attempts = try number("attempts", 1...100) { configuration.attempts = Int(attempts) }
        if let rate = try number("reads-per-second", 0.01...5) { configuration.readsPerSecond = rate }
        if let seconds = try number("timeout", 1...3600) {
            configuration.idleTimeout = .seconds(seconds)
            configuration.requestTimeout = .seconds(2 * seconds)
        }
        return (configuration, access.credentials)
    }

    private static let names: Set<String> = [
        "region", "endpoint", "profile", "attempts", "timeout", "reads-per-second",
    ]

    private static func split(_ url: String) throws -> (stream: String, options: [String: String]) {
        func invalid(_ problem: String) -> StreamError {
            StreamError(
                .invalidURL,
                "The URL \"\(ShownURL.withoutCredentials(url))\" \(problem); write for instance `kinesis://orders?region=eu-west-1`."
            )
        }
        let scheme = "kinesis://"
        guard url.lowercased().hasPrefix(scheme) else { throw invalid("does not begin with \(scheme)") }
        let rest = url.dropFirst(scheme.count)
        let place = rest.prefix { $0 != "?" }
        let stream = place.hasSuffix("/") ? String(place.dropLast()) : String(place)
        guard isStreamName(stream) else {
            throw invalid("names no stream: 1 to 128 letters, digits, dots, hyphens and underscores")
        }
        var options: [String: String] = [:]
        for item in rest.dropFirst(place.count).dropFirst().split(separator: "&") {
            let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let name = PercentEncoding.decode(sides[0]),
                let value = PercentEncoding.decode(sides[1])
            else { throw invalid("has an option that is not NAME=VALUE") }
            guard names.contains(name) else {
                throw invalid("has the unknown option `\(name)`; there are \(names.sorted().joined(separator: ", "))")
            }
            guard options.updateValue(value, forKey: name) == nil else {
                throw invalid("has the option `\(name)` twice")
            }
        }
        return (stream, options)
    }

    /// Whether a text can be the name of a stream.
    static func isStreamName(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
