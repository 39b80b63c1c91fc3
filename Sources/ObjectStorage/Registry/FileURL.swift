/// `file:` URLs, as RFC 8089 has them, and the relative `file:name` besides.
enum FileURL {
    /// The path that a URL names, with its percent-encoding undone.
    ///
    /// - Throws: ``ObjectStoreError/Code/invalidURL``.
    static func path(of url: String) throws -> String {
        var rest = url.utf8.dropFirst("file:".utf8.count)
        if rest.starts(with: "//".utf8) {
            rest = rest.dropFirst(2)
            let host = String(decoding: rest.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self)
            guard host.isEmpty || host.lowercased() == "localhost" else {
                throw invalid(url, "names the host `\(host)`; write three slashes before an absolute path")
            }
            rest = rest.dropFirst(host.utf8.count)
        }
        var path: [UInt8] = []
        var digits: [UInt8] = []
        var isEscape = false
        for byte in rest {
            if isEscape {
                guard let digit = hexDigit(byte) else { throw invalid(url, badEscape) }
                digits.append(digit)
                guard digits.count == 2 else { continue }
                path.append(digits[0] << 4 | digits[1])
                digits = []
                isEscape = false
            } else if byte == UInt8(ascii: "%") {
                isEscape = true
            } else if byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") {
                throw invalid(url, "has a query or a fragment; write `%3F` for `?` and `%23` for `#` in a name")
            } else {
                path.append(byte)
            }
        }
        if isEscape { throw invalid(url, badEscape) }
        guard !path.contains(0), let text = String(validating: path, as: UTF8.self) else {
            throw invalid(url, "decodes to a NUL byte or to what is not UTF-8; correct the escapes")
        }
        if text.isEmpty { throw invalid(url, "names no path; write for instance `file:///var/journal`") }
        return text
    }

    private static let badEscape = "has a `%` without two hexadecimal digits behind it; write `%25` for a percent sign"

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func invalid(_ url: String, _ problem: String) -> ObjectStoreError {
        ObjectStoreError(.invalidURL, "The URL \(ObjectKey.quoted(url)) \(problem).")
    }
}
