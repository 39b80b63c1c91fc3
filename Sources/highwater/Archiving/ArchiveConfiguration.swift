internal import Configuration
internal import EventImport
internal import ObjectStorage
internal import RecordStreams
internal import SystemPackage
internal import Yams

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The streams of a YAML file, with the variables of the environment over them.
///
/// A value `streams.orders.latency` of the file gives way to the variable `HIGHWATER_STREAMS_ORDERS_LATENCY`, and what
/// a stream does not say is taken from `defaults`.
struct ArchiveConfiguration {
    /// What is wrong, and where.
    struct Problem: Equatable {
        /// The line of the file; `nil` when it is not in one.
        var line: Int?
        var message: String
    }

    /// A stream of the file.
    struct Entry {
        var name: String
        var stream: String
        var journal: String
        var settings: ArchiveSettings
        /// Variables that decide something here.
        var variables: [String]
    }

    /// The file, as messages name it.
    let file: String
    private(set) var entries: [Entry] = []
    private(set) var problems: [Problem] = []

    /// What may be said of a stream.
    private static let settingNames = ["timestamp", "timestamp-unit", "latency", "batch-size", "lease"]
    private static let streamNames = ["stream", "journal"] + settingNames
    private static let prefix = "HIGHWATER_"

    /// Reads a file.
    ///
    /// - Throws: ``CommandError`` when it cannot be read, or is no YAML.
    static func load(_ file: String) async throws -> ArchiveConfiguration {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw CommandError(
                status: Failure.notFound,
                message: "The configuration \(file) cannot be read: is it there, and may you read it?"
            )
        }
        return try await ArchiveConfiguration(
            file: file,
            text: String(decoding: data, as: UTF8.self),
            environment: ProcessInfo.processInfo.environment
        )
    }

    /// Takes a text for the file.
    init(file: String, text: String, environment: [String: String]) async throws {
        self.file = file
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw CommandError(status: Failure.usage, message: "\(file) is no YAML: \(error)".trimmed)
        }
        guard let mapping = root?.mapping else {
            throw CommandError(
                status: Failure.usage,
                message:
                    "\(file) has no streams; it should begin with `streams:`. `highwater config check --help` has an example."
            )
        }
        let variables = environment.filter { $0.key.hasPrefix(Self.prefix) && !$0.value.isEmpty }
        let lines = survey(mapping)
        // The structure is right, so each value is a text that the reader finds by its name.
        guard problems.isEmpty else { return }
        let reader = ConfigReader(providers: [
            EnvironmentVariablesProvider(environmentVariables: variables).prefixKeys(with: "highwater"),
            try await FileProvider<YAMLSnapshot>(filePath: .init(file)),
        ])
        var used: Set<String> = []
        for name in lines.keys.sorted() { read(name, lines, reader, variables, &used) }
        let known = ["DEFAULTS_", "STREAMS_"].map { Self.prefix + $0 }
        for variable in variables.keys.sorted() where known.contains(where: variable.hasPrefix) {
            if used.contains(variable) { continue }
            problems.append(
                Problem(line: nil, message: "the variable \(variable) is of no stream and no setting of this file")
            )
        }
        findDoubles(lines)
    }

    /// What would run.
    ///
    /// - Throws: ``CommandError`` with all that is wrong.
    func jobs() throws -> [ArchiveJob] {
        if !problems.isEmpty {
            throw CommandError(status: Failure.usage, message: lines(of: problems).joined(separator: "\nhighwater: "))
        }
        return try entries.map { entry in
            ArchiveJob(
                name: entry.name,
                stream: entry.stream,
                journal: entry.journal,
                options: try entry.settings.options()
            )
        }
    }

    /// Problems as `FILE:LINE: MESSAGE`, in the order of the file.
    func lines(of problems: [Problem]) -> [String] {
        problems.sorted { ($0.line ?? .max) < ($1.line ?? .max) }
            .map { "\(file):\($0.line.map { "\($0):" } ?? "") \($0.message)." }
    }

    // MARK: - Structure

    /// Finds keys that are unknown and values that are none.
    ///
    /// - Returns: For each stream the line of each of its keys; its own under the empty name.
    private mutating func survey(_ root: Node.Mapping) -> [String: [String: Int]] {
        var lines: [String: [String: Int]] = [:]
        for (key, value) in root {
            switch key.string {
            case "defaults": _ = survey(value, of: "defaults", Self.settingNames, key)
            case "streams":
                guard let streams = value.mapping, !streams.isEmpty else {
                    complain(key, "streams is empty; give each stream a name, and below it `stream:` and `journal:`")
                    continue
                }
                for (name, content) in streams {
                    guard let text = name.string, Self.isName(text) else {
                        complain(
                            name,
                            "\"\(name.string ?? "")\" is no name of a stream: up to 64 small letters, digits and hyphens"
                        )
                        continue
                    }
                    lines[text] = survey(content, of: "streams.\(text)", Self.streamNames, name)
                    lines[text]?[""] = name.mark?.line ?? 0
                }
            default: complain(key, Self.unknown(key.string ?? "", "the file", ["defaults", "streams"]))
            }
        }
        if root["streams"] == nil {
            problems.append(Problem(line: nil, message: "there are no streams: add `streams:`"))
        }
        return lines
    }

    private mutating func survey(_ node: Node, of place: String, _ names: [String], _ parent: Node) -> [String: Int] {
        guard let mapping = node.mapping else {
            complain(parent, "\(place) has no settings below it")
            return [:]
        }
        var lines: [String: Int] = [:]
        for (key, value) in mapping {
            let name = key.string ?? ""
            if !names.contains(name) {
                complain(key, Self.unknown(name, place, names))
            } else if value.scalar == nil || value.string?.isEmpty != false {
                complain(key, "\(place).\(name) has no value")
            } else {
                lines[name] = key.mark?.line
            }
        }
        return lines
    }

    private mutating func complain(_ node: Node, _ message: String) {
        problems.append(Problem(line: node.mark?.line, message: message))
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

    // MARK: - Values

    private mutating func read(
        _ name: String,
        _ lines: [String: [String: Int]],
        _ reader: ConfigReader,
        _ variables: [String: String],
        _ used: inout Set<String>
    ) {
        let before = problems.count
        var deciding: [String] = []
        var places: [String: String] = [:]
        func value(_ key: String) -> String? {
            for scope in [["streams", name], ["defaults"]] where key != "stream" && key != "journal" || scope.count == 2
            {
                let variable = Self.variable(scope + [key])
                used.insert(variable)
                if variables[variable] != nil { deciding.append(variable) }
                if let text = reader.string(forKey: ConfigKey(scope + [key])) {
                    places[key] = variables[variable] != nil ? variable : (scope + [key]).joined(separator: ".")
                    return text
                }
            }
            return nil
        }
        func complain(_ key: String, _ message: String) {
            problems.append(Problem(line: lines[name]?[key] ?? lines[name]?[""], message: message))
        }
        func parsed<Value>(_ key: String, _ what: String, _ parse: (String) -> Value?) -> Value? {
            guard let text = value(key) else { return nil }
            if let value = parse(text) { return value }
            complain(key, "\(places[key] ?? key) is \"\(text)\", which is no \(what)")
            return nil
        }
        let settings = ArchiveSettings(
            timestamp: value("timestamp"),
            timestampUnit: parsed(
                "timestamp-unit",
                "unit: \(TimestampUnit.allCases.map(\.rawValue).joined(separator: ", "))"
            ) {
                TimestampUnit(rawValue: $0)
            },
            latency: parsed("latency", "number of seconds") { Double($0) },
            batchSize: parsed("batch-size", "size, such as 32MiB") { SizeArgument(argument: $0) },
            lease: parsed("lease", "number of seconds") { Double($0) }
        )
        for key in Self.settingNames {
            // One setting at a time, so that each wrong one is told at its line.
            if let problem = settings.only(key).problem(named: { places[$0] ?? $0 }) {
                complain(key, problem.withoutStop)
            }
        }
        let stream = value("stream")
        if let stream {
            do { _ = try StreamURL.source(stream) } catch {
                complain("stream", "\(places["stream"] ?? "stream"): \(Failure.message(of: error))".withoutStop)
            }
        } else {
            complain(
                "stream",
                "streams.\(name) has no stream; write for instance `stream: kinesis://orders?region=eu-west-1`"
            )
        }
        let journal = value("journal")
        if let journal {
            do { _ = try ObjectStoreRegistry.program.open(journal) } catch {
                complain("journal", "\(places["journal"] ?? "journal"): \(Failure.message(of: error))".withoutStop)
            }
        } else {
            complain("journal", "streams.\(name) has no journal; write for instance `journal: s3://bucket/\(name)`")
        }
        guard let stream, let journal, problems.count == before else { return }
        entries.append(Entry(name: name, stream: stream, journal: journal, settings: settings, variables: deciding))
    }

    /// `HIGHWATER_STREAMS_ORDERS_BATCH_SIZE`, as swift-configuration makes it of a key.
    private static func variable(_ parts: [String]) -> String {
        prefix
            + parts.joined(separator: "_").uppercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
    }

    /// Two entries that would do the same work, or answer to the same variable.
    private mutating func findDoubles(_ lines: [String: [String: Int]]) {
        var seen: [String: String] = [:]
        for entry in entries {
            let names = [entry.journal + "\n" + entry.stream, Self.variable(["streams", entry.name])]
            if let other = names.compactMap({ seen[$0] }).first {
                problems.append(
                    Problem(
                        line: lines[entry.name]?[""],
                        message:
                            "streams.\(entry.name) and streams.\(other) are one: the same stream into the same journal"
                    )
                )
            }
            for name in names { seen[name] = entry.name }
        }
    }
}

extension ArchiveSettings {
    /// One of the settings alone.
    fileprivate func only(_ key: String) -> ArchiveSettings {
        var one = ArchiveSettings()
        switch key {
        case "timestamp": one.timestamp = timestamp
        case "timestamp-unit": one.timestampUnit = timestampUnit
        case "latency": one.latency = latency
        case "batch-size": one.batchSize = batchSize
        default: one.lease = lease
        }
        return one
    }
}

extension String {
    /// Without a full stop at its end.
    fileprivate var withoutStop: String { hasSuffix(".") ? String(dropLast()) : self }

    /// On one line, without blanks at its ends.
    fileprivate var trimmed: String {
        split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }.joined(separator: " ")
    }
}
