internal import CloudSupport
internal import ObjectStorage

/// Where the requests for a bucket go.
struct S3Endpoint: Sendable {
    /// `http` or `https`.
    let scheme: String
    /// The host with its port, as in the `Host` header.
    let host: String
    /// What comes before a key, encoded, with a slash at its end.
    let root: String

    /// Whether TLS protects requests.
    var isSecure: Bool { scheme == "https" }

    /// Works out the place of a bucket.
    ///
    /// - Throws: ``ObjectStoreError/Code/invalidURL``.
    init(_ configuration: S3Configuration) throws {
        let bucket = configuration.bucket
        guard Self.isBucketName(bucket) else {
            throw ObjectStoreError(
                .invalidURL,
                "\(ObjectKey.quoted(bucket)) cannot be the name of a bucket: 3 to 255 letters, digits, dots, hyphens and "
                    + "underscores; write for instance `s3://my-bucket/journal`."
            )
        }
        guard !configuration.region.isEmpty,
            configuration.region.utf8.allSatisfy({ Self.isPlain($0) && $0 != UInt8(ascii: ".") })
        else {
            throw ObjectStoreError(
                .invalidURL,
                "\(ObjectKey.quoted(configuration.region)) cannot be a region; write for instance `eu-west-1`."
            )
        }
        var base = ""
        var authority: String
        if let endpoint = configuration.endpoint {
            let parts = try Self.split(endpoint)
            (scheme, authority, base) = (parts.scheme, parts.authority, parts.path)
        } else {
            scheme = "https"
            let domain = configuration.region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
            authority = "s3.\(configuration.region).\(domain)"
        }
        let isVirtual =
            switch configuration.addressing {
            case .automatic: configuration.endpoint == nil && !bucket.contains(".")
            case .path: false
            case .virtualHost: true
            }
        if isVirtual { authority = "\(bucket).\(authority)" }
        host = authority
        root = isVirtual ? "\(base)/" : "\(base)/\(bucket)/"
    }

    /// The path of a key, or of the bucket.
    func path(_ key: String?) -> String {
        guard let key else { return root.utf8.count > 1 ? String(root.dropLast()) : root }
        return root + PercentEncoding.encode(key, keepsSlash: true)
    }

    /// The URL of a path and an encoded query.
    func url(path: String, query: String) -> String {
        "\(scheme)://\(host)\(path)" + (query.isEmpty ? "" : "?\(query)")
    }

    private static func split(_ endpoint: String) throws -> (scheme: String, authority: String, path: String) {
        func invalid(_ problem: String) -> ObjectStoreError {
            ObjectStoreError(
                .invalidURL,
                "The endpoint \(ObjectKey.quoted(ShownURL.withoutCredentials(endpoint))) \(problem); write for instance `http://127.0.0.1:9000`."
            )
        }
        let isSecure = endpoint.hasPrefix("https://")
        guard isSecure || endpoint.hasPrefix("http://") else {
            throw invalid("begins neither with http:// nor https://")
        }
        let rest = endpoint.dropFirst(isSecure ? 8 : 7)
        guard !rest.contains("?"), !rest.contains("#"), !rest.contains("@") else {
            throw invalid("has a query, a fragment or a user")
        }
        var authority = rest.prefix { $0 != "/" }.lowercased()
        guard !authority.isEmpty,
            authority.utf8.allSatisfy({
                isPlain($0) || [UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]")].contains($0)
            })
        else { throw invalid("has no valid host") }
        let port = isSecure ? ":443" : ":80"
        if authority.hasSuffix(port) { authority = String(authority.dropLast(port.count)) }
        var path = rest.drop { $0 != "/" }
        while path.last == "/" { path.removeLast() }
        return (isSecure ? "https" : "http", authority, String(path))
    }

    private static func isBucketName(_ name: String) -> Bool {
        (3...255).contains(name.utf8.count) && name.utf8.allSatisfy(isPlain) && name != "..."
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
