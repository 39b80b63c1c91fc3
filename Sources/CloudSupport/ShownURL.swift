/// URLs in messages, which people copy into tickets.
package enum ShownURL {
    /// A URL without the user, password or token that stand before its last `@`, and without the secrets of its query.
    ///
    /// Made for URLs that nobody could read: a password that should have been percent-encoded may have any character
    /// in it, slashes and question marks too. So nothing is shown from the scheme up to the last `@`, wherever that
    /// is. Nor is anything from where a port should be and no number is: it may be a password whose host was forgotten.
    /// Of the options of the query those lose their values whose names sound like `token`, `password` or `api_key`;
    /// a value that only names a variable, as `${TOKEN}` does, is shown.
    ///
    /// - Parameter url: A URL, or what was given for one.
    /// - Returns: The URL, `***` in the place of what is hidden.
    package static func withoutCredentials(_ url: String) -> String {
        let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let rest = url[start...]
        if let at = rest.lastIndex(of: "@") { return url[..<start] + "***" + withoutSecrets(rest[at...]) }
        guard start > url.startIndex else { return withoutSecrets(rest) }
        let authority = rest.prefix { !"/?#".contains($0) }
        for host in authority.split(separator: ",") {
            guard let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") else { continue }
            let port = host[host.index(after: colon)...]
            if !port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return url[...colon] + "***" }
        }
        return url[..<start] + authority + withoutSecrets(rest[authority.endIndex...])
    }

    private static let secrets = ["pass", "pwd", "secret", "token", "auth", "cred", "sig", "apikey", "accesskey"]

    private static func withoutSecrets(_ text: Substring) -> String {
        guard let mark = text.firstIndex(of: "?") else { return String(text) }
        let options = text[text.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
            .map { option -> String in
                guard let sign = option.firstIndex(of: "=") else { return String(option) }
                let name = option[..<sign].lowercased().filter { $0 != "-" && $0 != "_" }
                // An encoded @ may be that of another URL, which has a password before it.
                let isSecret = secrets.contains(where: name.contains) || option[sign...].contains("%40")
                let value = option[sign...].dropFirst()
                let isName = value.hasPrefix("${") && value.firstIndex(of: "}") == value.indices.last
                return isSecret && !isName ? option[...sign] + "***" : String(option)
            }
        return text[...mark] + options.joined(separator: "&")
    }
}
