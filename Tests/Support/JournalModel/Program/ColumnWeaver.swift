import EventJournal
import ObjectStorageTesting

/// Weaves work on promoted columns into a program: payloads that have something for them, and operations.
///
/// By a chance of its own, so that what the program does otherwise stays as it was.
struct ColumnWeaver {
    private var random: SeededRandom
    private let seed: UInt64
    private var number = 0

    /// - Parameter seed: Of the program.
    init(seed: UInt64) {
        self.seed = seed &* 0x9E37_79B9_7F4A_7C15
        random = SeededRandom(seed: ~self.seed)
    }

    /// Changes half of the programs that compact.
    mutating func weave(_ program: inout Program) {
        guard program.compacts, Bool.random(using: &random) else { return }
        for step in program.steps.indices {
            switch program.steps[step] {
            case .alone(var operation):
                fill(&operation)
                program.steps[step] = .alone(operation)
            case .together(var lanes):
                for lane in lanes.indices {
                    for index in lanes[lane].indices { fill(&lanes[lane][index]) }
                }
                if chance(60) { lanes.append([operation(program, action())]) }
                program.steps[step] = .together(lanes)
            }
        }
        for _ in 0..<Int.random(in: 2...6, using: &random) {
            let place = Int.random(in: 0...program.steps.count, using: &random)
            program.steps.insert(.alone(operation(program, action())), at: place)
        }
        // Columns that are there from the beginning have more to meet.
        if chance(60) { program.steps.insert(.alone(operation(program, .addColumns(columns()))), at: 0) }
    }

    /// Gives most payloads members; an equal payload, of a write that is repeated, the same.
    private func fill(_ operation: inout Operation) {
        switch operation.action {
        case .put(var event):
            event.data = filled(event.data)
            operation.action = .put(event)
        case .append(var events):
            for index in events.indices { events[index].data = filled(events[index].data) }
            operation.action = .append(events)
        case .update(let id, let data): operation.action = .update(id: id, data: filled(data))
        default: break
        }
    }

    private func filled(_ data: [UInt8]) -> [UInt8] {
        let hash = data.reduce(seed) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        var random = SeededRandom(seed: hash)
        guard data.first != 0xFF, Int.random(in: 0..<100, using: &random) < 85 else { return data }
        return ModelPayload.json(String(decoding: data, as: UTF8.self), &random)
    }

    private mutating func operation(_ program: Program, _ action: Operation.Action) -> Operation {
        number += 1
        return Operation(
            number: 1000 + number,
            actor: Int.random(in: program.clocks.indices, using: &random),
            action: action,
            diesAt: chance(5) ? Int.random(in: 0..<6, using: &random) : nil
        )
    }

    private mutating func action() -> Operation.Action {
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<4: .addColumns(columns())
        case 4..<6: .removeColumns([name()])
        case 6..<9: .fillColumns
        case 9: .columns
        default:
            .tables(after: bound(), through: bound(), wholeBytes: Bool.random(using: &random) ? 1 : .max)
        }
    }

    private mutating func columns() -> [PromotedColumn] {
        let count = Int.random(in: 1...3, using: &random)
        return ModelPayload.definitions.shuffled(using: &random).prefix(count)
            .compactMap { try? PromotedColumn(definition: $0) }
    }

    private mutating func name() -> String {
        let definition = ModelPayload.definitions.randomElement(using: &random) ?? ""
        return String(definition.prefix { $0 != "=" })
    }

    private mutating func bound() -> Timestamp? {
        chance(70) ? nil : Timestamp(microseconds: Int64.random(in: -4...4, using: &random))
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
}
