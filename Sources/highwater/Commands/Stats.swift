internal import ArgumentParser
internal import EventJournal

/// `highwater stats`: counts and sizes.
struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show how many events there are, from when to when, and what they take.",
        discussion: """
            EXAMPLES
              highwater stats ./commits
              highwater stats ./commits --json | jq .events
            """
    )

    @OptionGroup var journal: JournalArgument

    @Flag(help: "One JSON object.")
    var json = false

    func run() async throws {
        let journal = try await journal.open(create: false)
        let statistics = try await journal.statistics()
        try Output.line(json ? Stats.json(statistics) : Stats.table(statistics, journal.location))
    }

    private static func table(_ statistics: JournalStatistics, _ location: String) -> String {
        let ratio = Double(statistics.objectBytes) / Double(max(1, statistics.payloadBytes))
        var lines = [
            "journal     \(location)",
            "events      \(Text.count(statistics.events))",
            "first       \(statistics.first?.rfc3339 ?? "none")",
            "last        \(statistics.last?.rfc3339 ?? "none")",
            "payloads    \(Text.bytes(statistics.payloadBytes))",
            "on storage  \(Text.bytes(statistics.objectBytes)) (\(Text.decimal(ratio)) of the payloads)",
            "segments    \(Text.count(statistics.segments))",
        ]
        if statistics.duplicates > 0 {
            lines.append(
                "duplicates  \(Text.count(statistics.duplicates)) rows whose id came before; readers leave them out"
            )
        }
        if statistics.damagedSegments > 0 {
            lines.append("damaged     \(Text.count(statistics.damagedSegments, "segment")); see `highwater verify`")
        }
        return lines.joined(separator: "\n")
    }

    private static func json(_ statistics: JournalStatistics) -> String {
        var text = JSONText()
        text.add("events", statistics.events)
        text.add("duplicates", statistics.duplicates)
        text.add("segments", statistics.segments)
        text.add("damaged_segments", statistics.damagedSegments)
        text.add("payload_bytes", statistics.payloadBytes)
        text.add("object_bytes", statistics.objectBytes)
        text.add("first", statistics.first?.rfc3339)
        text.add("last", statistics.last?.rfc3339)
        return text.text
    }
}
