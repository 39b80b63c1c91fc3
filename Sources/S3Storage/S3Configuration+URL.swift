internal import AWSAccess
internal import CloudSupport
internal import ObjectStorage

extension S3Configuration {
    /// Reads `s3://bucket/prefix?option=value&…`, with what the URL leaves open taken from AWS's variables and files.
    ///
    /// The options are `endpoint`, `region`, `profile`, `addressing` (`path`, `virtual`), `anonymous` (`true`),
    /// `checksums` (`false`), `signing` (`hash`, `chunks`), `storage-class`, `sse` (`AES256`, `aws:kms`),
    /// `sse-kms-key-id`, `tag.NAME`, `meta.NAME`, `part-size` and `range-size` (bytes), `connections`, `attempts`,
    /// `retry-time` and `timeout` (seconds).
    ///
    /// - Parameters:
    ///   - url: The URL; names and values in its query are percent-encoded.
    ///   - access: Region and endpoint where the URL has none.
    /// - Throws: ``ObjectStoreError/Code/invalidURL``.
    init(url: String, access: AWSAccess) throws {
        let parts = try S3URL(url)
        self.init(bucket: parts.bucket, prefix: parts.prefix)
        endpoint = parts.options["endpoint"] ?? access.endpoint(service: "s3")
        region = parts.options["region"] ?? access.region ?? "us-east-1"
        let reader = OptionReader(url: url, options: parts.options)
        addressing =
            try reader.choice("addressing", ["automatic": .automatic, "path": .path, "virtual": .virtualHost])
            ?? .automatic
        bodySigning =
            try reader.choice("signing", ["automatic": .automatic, "hash": .hash, "chunks": .chunks]) ?? .automatic
        checksums = try reader.choice("checksums", ["true": true, "false": false]) ?? true
        _ = try reader.choice("anonymous", ["true": true, "false": false])
        storageClass = parts.options["storage-class"]
        encryption = try reader.encryption()
        tags = reader.values(named: "tag.")
        metadata = reader.values(named: "meta.")
        partBytes = try reader.number("part-size", 5 << 20...5 << 30) ?? partBytes
        rangeBytes = try reader.number("range-size", 64 << 10...1 << 30) ?? rangeBytes
        connections = try reader.number("connections", 1...10_000) ?? connections
        attempts = try reader.number("attempts", 1...100) ?? attempts
        if let seconds = try reader.number("retry-time", 0...86_400) { retryTime = .seconds(seconds) }
        if let seconds = try reader.number("timeout", 1...3600) {
            idleTimeout = .seconds(seconds)
            requestTimeout = .seconds(2 * seconds)
        }
    }

    /// What keys in the bucket have before those of the store.
    var keyPrefix: String { prefix.isEmpty ? "" : prefix + "/" }

    /// A URL that opens the same place, without settings of how it is used.
    var url: String {
        var options: [(String, String)] = []
        if let endpoint { options.append(("endpoint", endpoint)) }
        if endpoint != nil, addressing == .virtualHost { options.append(("addressing", "virtual")) }
        let query = options.map { $0.0 + "=" + PercentEncoding.encodeValue($0.1) }.joined(separator: "&")
        return "s3://\(bucket)" + (prefix.isEmpty ? "" : "/\(PercentEncoding.encode(prefix, keepsSlash: true))")
            + (query.isEmpty ? "" : "?\(query)")
    }
}

/// The parts of a URL of a bucket.
struct S3URL {
    let bucket: String
    let prefix: String
    let options: [String: String]

    /// Whether requests are not to be signed.
    var isAnonymous: Bool { options["anonymous"] == "true" }

    static let names: Set<String> = [
        "endpoint", "region", "profile", "addressing", "anonymous", "checksums", "signing", "storage-class", "sse",
        "sse-kms-key-id", "part-size", "range-size", "connections", "attempts", "retry-time",
        "timeout",
    ]

    init(_ url: String) throws {
        func invalid(_ problem: String) -> ObjectStoreError {
            ObjectStoreError(
                .invalidURL,
                "The URL \(ObjectKey.quoted(url)) \(problem); write for instance "
                    + "`s3://my-bucket/journal?region=eu-west-1`."
            )
        }
        guard url.lowercased().hasPrefix("s3://") else { throw invalid("does not begin with s3://") }
        let rest = url.dropFirst(5)
        let place = rest.prefix { $0 != "?" }
        if place.contains("#") { throw invalid("has a fragment; write %23 for # in a name") }
        bucket = String(place.prefix { $0 != "/" })
        if bucket.isEmpty { throw invalid("names no bucket") }
        var path = place.dropFirst(bucket.count)
        if path.first == "/" { path.removeFirst() }
        if path.last == "/" { path.removeLast() }
        guard let prefix = PercentEncoding.decode(path) else { throw invalid("has a % that escapes nothing") }
        if !prefix.isEmpty { try ObjectKey.validate(prefix) }
        self.prefix = prefix
        var options: [String: String] = [:]
        for item in rest.dropFirst(place.count).dropFirst().split(separator: "&") {
            let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let name = PercentEncoding.decode(sides[0]),
                let value = PercentEncoding.decode(sides[1])
            else { throw invalid("has the option `\(item)`, which is not NAME=VALUE") }
            guard Self.names.contains(name) || name.hasPrefix("tag.") || name.hasPrefix("meta.") else {
                throw invalid(
                    "has the unknown option `\(name)`; there are \(Self.names.sorted().joined(separator: ", ")), tag.NAME and meta.NAME"
                )
            }
            guard options.updateValue(value, forKey: name) == nil else {
                throw invalid("has the option `\(name)` twice")
            }
        }
        self.options = options
    }
}

/// Takes options of a URL for what they mean.
private struct OptionReader {
    let url: String
    let options: [String: String]

    func choice<Value>(_ name: String, _ values: [String: Value]) throws -> Value? {
        guard let text = options[name] else { return nil }
        guard let value = values[text] else {
            throw invalid(name, text, "one of \(values.keys.sorted().joined(separator: ", "))")
        }
        return value
    }

    func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = options[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw invalid(name, text, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func encryption() throws -> S3Configuration.Encryption? {
        let keyID = options["sse-kms-key-id"]
        switch options["sse"] {
        case nil where keyID == nil: return nil
        case "AES256" where keyID == nil: return .s3
        case "aws:kms", nil: return .kms(keyID: keyID)
        case let other?: throw invalid("sse", other, "AES256 (without sse-kms-key-id) or aws:kms")
        }
    }

    func values(named prefix: String) -> [String: String] {
        var values: [String: String] = [:]
        for (name, value) in options where name.hasPrefix(prefix) {
            values[String(name.dropFirst(prefix.count))] = value
        }
        return values
    }

    private func invalid(_ name: String, _ value: String, _ wanted: String) -> ObjectStoreError {
        ObjectStoreError(.invalidURL, "The option \(name)=\(value) of \(ObjectKey.quoted(url)) is not \(wanted).")
    }
}

extension PercentEncoding {
    /// Escapes a value of a query but for `:` and `/`, which may stay there and are easier to read so.
    fileprivate static func encodeValue(_ text: String) -> String {
        text.split(separator: ":", omittingEmptySubsequences: false)
            .map { encode($0, keepsSlash: true) }
            .joined(separator: ":")
    }
}
