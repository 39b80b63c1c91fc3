internal import Configuration
internal import EventImport
internal import ObjectStorage
internal import RecordStreams
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
            let (line, problem) = YAMLFault.told(error)
            let place = line.map { "\(file):\($0):" } ?? file
            throw CommandError(status: Failure.usage, message: "\(place) is no YAML: \(problem).")
        }
        guard let mapping = root?.mapping else {
            throw CommandError(
                status: Failure.usage,
                message:
                    "\(file) has no streams; it should begin with `streams:`. `highwater config check --help` has an example."
            )
        }
        let variables = environment.filter { $0.key.hasPrefix(Self.prefix) && !$0.value.isEmpty }
        let survey = StreamsSurvey(mapping)
        problems = survey.problems
        // What is wrong with keys keeps nobody from telling what is wrong with the values of others.
        let reader = ConfigReader(providers: [
            EnvironmentVariablesProvider(environmentVariables: variables).prefixKeys(with: "highwater"),
            InMemoryProvider(values: survey.values),
        ])
        var used: Set<String> = []
        _ = settings(of: nil, survey, reader, variables, &used)
        for name in survey.names { read(name, survey, reader, variables, &used) }
        let known = ["DEFAULTS_", "STREAMS_"].map { Self.prefix + $0 }
        for variable in variables.keys.sorted() where known.contains(where: variable.hasPrefix) {
            if used.contains(variable) { continue }
            problems.append(
                Problem(line: nil, message: "the variable \(variable) is of no stream and no setting of this file")
            )
        }
        findDoubles(survey)
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

    // MARK: - Values

    /// A value, and who says it.
    private struct Found {
        var text: String
        /// The key, or the variable.
        var place: String
        var line: Int?
        /// Whether the stream says it, not the defaults: what is wrong with those is told once, as theirs.
        var isOwn: Bool
    }

    /// Looks a value up: what a stream says comes before the defaults, and a variable before either.
    private func find(
        _ key: String,
        of name: String?,
        _ survey: StreamsSurvey,
        _ reader: ConfigReader,
        _ variables: [String: String],
        _ used: inout Set<String>
    ) -> Found? {
        var scopes = [["defaults"]]
        if let name {
            scopes = ["stream", "journal"].contains(key) ? [["streams", name]] : [["streams", name]] + scopes
        }
        for (index, scope) in scopes.enumerated() {
            let path = scope + [key]
            let variable = Self.variable(path)
            used.insert(variable)
            guard let text = reader.string(forKey: ConfigKey(path)) else { continue }
            let isVariable = variables[variable] != nil
            return Found(
                text: text,
                place: isVariable ? variable : path.joined(separator: "."),
                line: isVariable ? nil : survey.lines[path],
                isOwn: index == 0
            )
        }
        return nil
    }

    /// Reads the settings of a stream, or the defaults, and tells what is wrong with its own.
    ///
    /// - Returns: The settings, and the variables that decide one of them.
    private mutating func settings(
        of name: String?,
        _ survey: StreamsSurvey,
        _ reader: ConfigReader,
        _ variables: [String: String],
        _ used: inout Set<String>
    ) -> (ArchiveSettings, [String]) {
        var settings = ArchiveSettings()
        var deciding: [String] = []
        for key in StreamsSurvey.settingNames {
            guard let found = find(key, of: name, survey, reader, variables, &used) else { continue }
            if variables[found.place] != nil { deciding.append(found.place) }
            let problem: String?
            if let kind = settings.set(key, found.text) {
                problem = "\(found.place) is \"\(found.text)\", which is no \(kind)"
            } else {
                // One setting at a time, so that each wrong one is told at its line.
                problem = settings.only(key).problem { _ in found.place }?.onLine.withoutStop
            }
            if let problem, found.isOwn { problems.append(Problem(line: found.line, message: problem)) }
        }
        return (settings, deciding)
    }

    private mutating func read(
        _ name: String,
        _ survey: StreamsSurvey,
        _ reader: ConfigReader,
        _ variables: [String: String],
        _ used: inout Set<String>
    ) {
        let before = problems.count
        let own = settings(of: name, survey, reader, variables, &used)
        var deciding = own.1
        var places: [String: String] = [:]
        for (key, example, check) in [
            ("stream", "kinesis://orders?region=eu-west-1", { _ = try StreamURL.source($0) }),
            ("journal", "s3://bucket/\(name)", { _ = try ObjectStoreRegistry.openOfProgram($0) }),
        ] as [(String, String, (String) throws -> Void)] {
            let path = ["streams", name, key]
            guard let found = find(key, of: name, survey, reader, variables, &used) else {
                if survey.lines[path] == nil {
                    problems.append(
                        Problem(
                            line: survey.lines[["streams", name]],
                            message: "streams.\(name) has no \(key); write for instance `\(key): \(example)`"
                        )
                    )
                }
                continue
            }
            places[key] = found.text
            if variables[found.place] != nil { deciding.append(found.place) }
            do { try check(found.text) } catch {
                let message = "\(found.place): \(Failure.message(of: error))".withoutStop
                problems.append(Problem(line: found.line, message: message))
            }
        }
        guard let stream = places["stream"], let journal = places["journal"], problems.count == before else { return }
        entries.append(Entry(name: name, stream: stream, journal: journal, settings: own.0, variables: deciding))
    }

    /// `HIGHWATER_STREAMS_ORDERS_BATCH_SIZE`, as swift-configuration makes it of a key.
    private static func variable(_ parts: [String]) -> String {
        prefix
            + parts.joined(separator: "_").uppercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
    }

    /// Two entries that would do the same work, or answer to the same variable.
    private mutating func findDoubles(_ survey: StreamsSurvey) {
        var seen: [String: String] = [:]
        for entry in entries {
            let names = [entry.journal + "\n" + entry.stream, Self.variable(["streams", entry.name])]
            if let other = names.compactMap({ seen[$0] }).first {
                problems.append(
                    Problem(
                        line: survey.lines[["streams", entry.name]],
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
    /// Takes a setting from text.
    ///
    /// - Returns: What the text should have been; `nil` when it is.
    fileprivate mutating func set(_ key: String, _ text: String) -> String? {
        switch key {
        case "timestamp":
            timestamp = text
            return nil
        case "timestamp-unit":
            timestampUnit = TimestampUnit(rawValue: text)
            return timestampUnit == nil
                ? "unit: \(TimestampUnit.allCases.map(\.rawValue).joined(separator: ", "))" : nil
        case "batch-size":
            batchSize = SizeArgument(argument: text)
            return batchSize == nil ? "size, such as 32MiB" : nil
        case "latency":
            latency = Double(text)
            return latency == nil ? "number of seconds" : nil
        default:
            lease = Double(text)
            return lease == nil ? "number of seconds" : nil
        }
    }

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
    /// Its first line, with the second one, a faulty expression, behind it; the place in that is on the third.
    fileprivate var onLine: String {
        let lines = split(separator: "\n")
        return lines.count > 1 ? "\(String(lines[0]).withoutStop): `\(lines[1])`" : self
    }

    /// Without a full stop at its end.
    fileprivate var withoutStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
