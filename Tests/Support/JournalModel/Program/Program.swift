/// Operations of several actors on one journal.
struct Program: Sendable {
    /// What happens between two checks.
    enum Step: Sendable {
        /// One operation alone.
        case alone(Operation)
        /// Lanes of operations at the same time; those of one lane one after the other.
        case together([[Operation]])

        var operations: [Operation] {
            switch self {
            case .alone(let operation): [operation]
            case .together(let lanes): lanes.flatMap(\.self)
            }
        }

        var lanes: [[Operation]] {
            switch self {
            case .alone(let operation): [[operation]]
            case .together(let lanes): lanes
            }
        }
    }

    /// Decides the program, its faults, its batch ids and which tasks give way.
    var seed: UInt64
    /// What each actor's clock is ahead of 2001-09-09, in microseconds, at first.
    var clocks: [Int64]
    /// How many of a hundred requests go wrong.
    var faultPercent: Int
    /// The payload that appends of one actor may share an object with.
    var groupPayloadBytes: [Int]
    /// How many segments an actor reads at once.
    var parallelism: [Int]
    /// Whether there are compactions.
    var compacts: Bool
    var steps: [Step]
}

extension Program: CustomStringConvertible {
    var description: String {
        var lines = ["seed \(seed): \(faultPercent) % faults"]
        for actor in clocks.indices {
            lines.append(
                "  actor \(actor): clock \(clocks[actor]) us, groups of \(groupPayloadBytes[actor]) bytes, "
                    + "parallelism \(parallelism[actor])"
            )
        }
        for step in steps {
            switch step {
            case .alone(let operation): lines.append("  \(operation)")
            case .together(let lanes):
                lines.append("  at the same time:")
                for lane in lanes {
                    for (place, operation) in lane.enumerated() {
                        lines.append("    \(place == 0 ? "-" : " ") \(operation)")
                    }
                }
            }
        }
        return lines.joined(separator: "\n")
    }
}
