/// The sections of AWS's configuration and credentials files.
///
/// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files". Indented lines, which belong to
/// the setting above, are left out: none of what is read here is written so.
struct ProfileFile: Sendable {
    /// Settings by the name of the profile.
    private(set) var profiles: [String: [String: String]] = [:]

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - text: Its text.
    ///   - hasPrefix: Whether profiles but the default are called `[profile NAME]`, as in the configuration file.
    init(_ text: String, hasPrefix: Bool) {
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, !"#; \t".contains(first) else { continue }
            if first == "[" {
                let name = line.dropFirst().prefix { $0 != "]" }.trimmed
                current = hasPrefix ? Self.profile(name) : name
                if let current, profiles[current] == nil { profiles[current] = [:] }
                continue
            }
            guard let current, let equals = line.firstIndex(of: "=") else { continue }
            let value = line[line.index(after: equals)...].withoutComment.trimmed
            profiles[current, default: [:]][line[..<equals].trimmed.lowercased()] = value
        }
    }

    /// The profile that a section of the configuration file is for; `nil` when it is for something else.
    private static func profile(_ section: String) -> String? {
        if section == "default" { return section }
        let words = section.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0] == "profile" else { return nil }
        return words[1].trimmed
    }
}

extension Substring {
    fileprivate var trimmed: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// Without what stands behind a space and a `#` or `;`.
    fileprivate var withoutComment: Substring {
        var isAfterSpace = false
        for index in indices {
            if isAfterSpace, self[index] == "#" || self[index] == ";" { return self[..<index] }
            isAfterSpace = self[index].isWhitespace
        }
        return self
    }
}
