internal import Configuration
internal import Yams

/// The keys of a file of streams, with their lines, and what is wrong with them.
struct StreamsSurvey {
    /// The line of each key, those without a value included, by its path.
    ///
    /// A path is such as `streams`, `orders`, `latency`.
    private(set) var lines: [[String]: Int] = [:]
    /// The texts of the keys that have one.
    private(set) var values: [AbsoluteConfigKey: ConfigValue] = [:]
    /// The streams, sorted.
    private(set) var names: [String] = []
    private(set) var problems: [ArchiveConfiguration.Problem] = []

    /// What may be said of how a stream is archived.
    static let settingNames = ["timestamp", "timestamp-unit", "latency", "batch-size", "lease"]
    private static let streamNames = ["stream", "journal"] + settingNames

    init(_ root: Node.Mapping) {
        for (key, value) in root {
            switch key.string {
            case "defaults": survey(value, ["defaults"], Self.settingNames, key)
            case "streams":
                guard let streams = value.mapping, !streams.isEmpty else {
                    let way = "give each stream a name, and below it `stream:` and `journal:`"
                    complain(key, "streams \(Self.kind(value)); \(way)")
                    continue
                }
                for (name, content) in streams { survey(stream: name, content) }
            default: complain(key, Self.unknown(key.string ?? "", "the file", ["defaults", "streams"]))
            }
        }
        if root["streams"] == nil {
            problems.append(.init(line: nil, message: "there are no streams: add `streams:`"))
        }
        names.sort()
    }

    private mutating func survey(stream name: Node, _ content: Node) {
        guard let text = name.string, Self.isName(text) else {
            let shown = name.string ?? ""
            return complain(name, "\"\(shown)\" is no name of a stream: up to 64 small letters, digits and hyphens")
        }
        // Without settings below it there is nothing to say of them.
        if survey(content, ["streams", text], Self.streamNames, name) { names.append(text) }
    }

    @discardableResult
    private mutating func survey(_ node: Node, _ path: [String], _ names: [String], _ parent: Node) -> Bool {
        let place = path.joined(separator: ".")
        lines[path] = parent.mark?.line
        guard let mapping = node.mapping else {
            complain(parent, "\(place) \(Self.kind(node)); write settings below it, such as `latency: 10`")
            return false
        }
        for (key, value) in mapping {
            let name = key.string ?? ""
            guard names.contains(name) else {
                complain(key, Self.unknown(name, place, names))
                continue
            }
            lines[path + [name]] = key.mark?.line ?? 0
            if let text = value.scalar?.string, !text.isEmpty {
                values[AbsoluteConfigKey(path + [name])] = ConfigValue(.string(text), isSecret: false)
            } else {
                complain(key, "\(place).\(name) has no value")
            }
        }
        return true
    }

    /// What stands where settings should be.
    private static func kind(_ node: Node) -> String {
        switch node {
        case .sequence: "is a list, with dashes"
        case .scalar(let scalar) where scalar.tag != Tag(.null) && !scalar.string.isEmpty: "is a text"
        default: "is empty"
        }
    }

    private mutating func complain(_ node: Node, _ message: String) {
        problems.append(.init(line: node.mark?.line, message: message))
    }

    private static func unknown(_ name: String, _ place: String, _ names: [String]) -> String {
        "\"\(name)\" is unknown in \(place); there are \(names.joined(separator: ", "))"
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.first != "-"
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
            }
    }
}

/// What keeps a text from being YAML, told without a part of the text, which may have a password in it.
enum YAMLFault {
    /// The line, when there is one, and the problem.
    static func told(_ error: any Error) -> (line: Int?, problem: String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (mark.line, problem)
        case .reader(let problem, _, _, _): (nil, problem)
        case .duplicatedKeysInMapping(let keys, let context):
            (context.mark.line, "it has \(keys.sorted().map { "\"\($0)\"" }.joined(separator: " and ")) more than once")
        default: (nil, "it cannot be read")
        }
    }
}
