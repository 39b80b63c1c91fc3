internal import CloudSupport

/// A request in the one form that both sides sign.
struct CanonicalRequest {
    /// The names of the headers signed, joined by semicolons.
    let signedHeaders: String
    /// The whole.
    let text: String

    /// What proxies and clients add or change on the way, so it cannot be signed.
    private static let neverSigned: Set<String> = [
        "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
    ]

    init(_ request: SigningRequest, payload: String, encodesPathAgain: Bool) {
        let headers = Self.headers(of: request)
        signedHeaders = headers.map(\.name).joined(separator: ";")
        let path = encodesPathAgain ? PercentEncoding.encodeAgain(Self.normalized(request.path)) : request.path
        let query = request.query
            .map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
            .sorted { $0.0 == $1.0 ? Self.precedes($0.1, $1.1) : Self.precedes($0.0, $1.0) }
            .map { $0.0 + "=" + $0.1 }
            .joined(separator: "&")
        let lines = headers.map { "\($0.name):\($0.value)\n" }.joined()
        text = "\(request.method)\n\(path)\n\(query)\n\(lines)\n\(signedHeaders)\n\(payload)"
    }

    static func signedHeaders(of request: SigningRequest) -> String {
        headers(of: request).map(\.name).joined(separator: ";")
    }

    /// Names in small letters and sorted, values trimmed, runs of white space made one space, and equal names joined.
    private static func headers(of request: SigningRequest) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = [("host", request.host)]
        for header in request.headers {
            let name = header.name.lowercased()
            if neverSigned.contains(name) || name == "host" { continue }
            let value = header.value.utf8
                .split(whereSeparator: { $0 == 0x20 || (0x09...0x0D).contains($0) })
                .map { String(decoding: $0, as: UTF8.self) }
                .joined(separator: " ")
            if let index = headers.firstIndex(where: { $0.name == name }) {
                headers[index].value += "," + value
            } else {
                headers.append((name, value))
            }
        }
        return headers.sorted { precedes($0.name, $1.name) }
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// Without empty components, `.` and `..`, as all services but S3 want it.
    private static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/", omittingEmptySubsequences: true) where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        let joined = "/" + parts.joined(separator: "/")
        return path.hasSuffix("/") && !parts.isEmpty ? joined + "/" : joined
    }
}

extension PercentEncoding {
    /// Escapes the escapes of a path once more.
    fileprivate static func encodeAgain(_ path: String) -> String { encode(path, keepsSlash: true) }
}
