internal import ArgumentParser
internal import EventJournal

/// `highwater erase`: away with events, and a proof of it.
struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erase events for good, and report which objects held them and when the last copy went.",
        discussion: """
            Deletes the events, rewrites the segments that hold them, and deletes every object that held them. That takes some \
            two minutes, until no reader relies on those objects; with --no-wait run the same again later, with the --id of each \
            event: what went out of use an hour ago is deleted at once. There is no way back: see first what \
            "highwater replay --where" prints.

            Exit status 3 while there are copies left, 4 when there never was such an event.

            EXAMPLES
              highwater erase ./visits --key customer-17
              highwater erase ./visits --id 1f0c --id 2a9b --json > proof.json
              highwater erase ./visits --where "user.email == 'a@example.org'"
            """
    )

    @OptionGroup var journal: JournalArgument

    @Option(name: .customLong("id"), help: "The id of an event; may be repeated.")
    var ids: [String] = []

    @Option(name: .customLong("key"), help: "A key: all events that have it; may be repeated.")
    var keys: [String] = []

    @Option(name: .customLong("where"), help: "A JMESPath expression: all events of which it is true.")
    var condition: String?

    @Flag(inversion: .prefixedNo, help: "Wait until the last copy is deleted.")
    var wait = true

    @Flag(help: "Report as one JSON object.")
    var json = false

    func validate() throws {
        guard !ids.isEmpty || !keys.isEmpty || condition != nil else {
            throw ValidationError("Name an --id or a --key to erase, or a --where.")
        }
    }

    func run() async throws {
        let condition = try condition.map(Expression.compile)
        let journal = try await journal.open(create: false)
        let (ids, keys, options) = (ids, keys, ErasureOptions(waits: wait))
        let report = try await Signals.cancellable {
            try await journal.erase(ids: ids, keys: keys, where: condition, options: options) { step in
                if Output.errorIsTerminal { Output.error(step) }
            }
        }
        let isUnknown = report.isComplete && report.erased.isEmpty && report.holders.isEmpty
        if json {
            try Output.line(Erase.json(report, journal.location))
        } else if !isUnknown {
            try Output.line(Erase.text(report, journal.location))
        }
        if !report.isComplete {
            throw CommandError(status: Failure.partial, message: report.warnings.joined(separator: "\nhighwater: "))
        }
        for warning in report.warnings { Output.error("highwater: \(warning)") }
        if isUnknown {
            throw CommandError(
                status: Failure.notFound,
                message:
                    "No event of \(journal.location) has such an id or key\(condition == nil ? "" : ", or is meant by --where")."
            )
        }
    }

    private static func text(_ report: ErasureReport, _ location: String) -> String {
        var lines = ["\(Text.count(report.erased.count, "event")) of \(location) erased."]
        if let version = report.version { lines.append("gone from       version \(version) of the catalog on") }
        for holder in report.holders {
            lines.append(
                "held by         \(holder.key) (\(Text.count(holder.rows, "row")), \(Text.bytes(holder.bytes)))"
            )
            if !holder.replacedBy.isEmpty {
                lines.append("  replaced by   \(holder.replacedBy.joined(separator: ", "))")
            }
            lines.append("  deleted       \(holder.deleted?.rfc3339 ?? "not yet")")
        }
        lines.append("last copy gone  \(report.completed?.rfc3339 ?? "not yet")")
        return lines.joined(separator: "\n")
    }

    private static func json(_ report: ErasureReport, _ location: String) -> String {
        var text = JSONText()
        text.add("journal", location)
        text.add("complete", report.isComplete)
        text.add("started", report.started.rfc3339)
        text.add("completed", report.completed?.rfc3339)
        if let version = report.version { text.add("version", Int(version)) }
        text.addRaw("erased", JSONText.list(report.erased))
        text.addRaw("not_found", JSONText.list(report.notFound))
        let holders = report.holders.map { holder in
            var text = JSONText()
            text.add("object", holder.key)
            text.add("bytes", holder.bytes)
            text.add("rows", holder.rows)
            text.addRaw("replaced_by", JSONText.list(holder.replacedBy))
            text.add("deleted", holder.deleted?.rfc3339)
            return text.text
        }
        text.addRaw("holders", "[" + holders.joined(separator: ",") + "]")
        text.addRaw("warnings", JSONText.list(report.warnings))
        return text.text
    }
}
