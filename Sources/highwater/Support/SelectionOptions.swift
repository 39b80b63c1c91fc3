internal import ArgumentParser
internal import EventJournal
internal import JMESPath

/// Which events, and what of them.
struct SelectionOptions: ParsableArguments {
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only events for which this JMESPath expression over the payload is true; @event.key and the like reach the envelope.",
            valueName: "expression"
        )
    )
    var condition: String?

    @Option(
        help: ArgumentHelp("Print this of each event in place of the payload.", valueName: "expression")
    )
    var select: String?

    @Flag(help: "End with an error at an event whose payload cannot be evaluated, instead of counting it.")
    var strict = false

    /// The selection; `nil` when nothing is asked for.
    ///
    /// - Parameter manifest: That of a manifest which is replayed; kept unless others are given, which the replay
    ///   refuses.
    /// - Returns: What to apply.
    /// - Throws: What is wrong with an option or an expression.
    func selection(manifest: EventSelection? = nil) throws -> EventSelection? {
        if condition == nil, select == nil {
            if let manifest {
                guard strict, !manifest.isStrict else { return manifest }
                return EventSelection(where: manifest.condition, select: manifest.projection, isStrict: true)
            }
            if strict { throw ValidationError("--strict is about --where and --select; give one of them.") }
            return nil
        }
        return EventSelection(
            where: try condition.map(Expression.compile),
            select: try select.map(Expression.compile),
            isStrict: strict
        )
    }
}

extension EventSelection {
    /// Says on standard error how many events could not be evaluated, if any.
    func reportUnevaluated() {
        if counts.notJSON > 0 {
            Output.error("highwater: \(Text.count(counts.notJSON, "payload")) not JSON, left out.")
        }
        if counts.failed > 0 {
            Output.error(
                "highwater: \(Text.count(counts.failed, "payload")) left out: a function does not take what is there."
            )
        }
    }
}

/// Expressions from the command line.
enum Expression {
    /// - Throws: ``CommandError`` that shows where an expression is wrong.
    static func compile(_ text: String) throws -> JMESPathExpression {
        do throws(JMESPathError) {
            return try JMESPathExpression(text)
        } catch {
            throw CommandError(status: Failure.usage, message: "\(error)")
        }
    }
}
