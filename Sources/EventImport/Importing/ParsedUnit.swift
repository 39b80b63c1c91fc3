internal import EventJournal
internal import ObjectStorage
internal import Parquet

/// A unit whose lines are parsed.
struct ParsedUnit: Sendable {
    let number: Int
    let rejected: [RejectedEvent]
    let progress: (inputBytes: Int, totalBytes: Int?)
    private let blocks: [ParsedBlock]

    /// Parses the lines of a unit.
    init(_ unit: ImportUnit, _ options: ImportOptions) throws {
        let limits = LineLimits(
            lineLength: EventLimits.payloadBytes,
            fieldLength: EventLimits.fieldBytes
        )
        guard let parser = LineParser(options.mapping, limits: limits) else {
            throw InputError(.failed, "Not enough memory to parse \(unit.input).")
        }
        number = unit.number
        progress = (unit.inputBytes, unit.totalBytes)
        blocks = unit.blocks.map { parser.parse($0) }
        rejected = blocks.flatMap { block in
            block.rejected.map { line in
                RejectedEvent(
                    input: unit.input,
                    line: block.lineNumber(of: line),
                    column: block.column(of: line),
                    reason: block.reason(of: line),
                    bytes: Array(block.bytes(of: line))
                )
            }
        }
    }

    /// The events, those without an id or a time of their own given one.
    func batch(_ journal: Journal) -> EventBatch {
        var batch = EventBatch()
        let now = Timestamp.now.microseconds
        for block in blocks where block.count > 0 {
            batch.append(
                contentsOf: EventBatch(
                    timestamps: block.timestamps ?? Array(repeating: now, count: block.count),
                    ids: block.ids ?? journal.freshIDs(block.count),
                    keys: block.keys,
                    payloads: block.payloads
                )
            )
        }
        return batch
    }
}
