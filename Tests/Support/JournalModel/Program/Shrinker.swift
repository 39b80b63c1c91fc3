/// Makes a failing program smaller as long as it keeps failing: delta debugging (Zeller and Hildebrandt 2002), coarse
/// pieces first, then single operations and events, then the weather.
struct Shrinker {
    /// Whether a program fails.
    var fails: (Program) async -> Bool
    /// How many programs may be run.
    var budget = 2000

    /// The smallest failing program that was found.
    mutating func shrink(_ program: Program) async -> Program {
        var best = program
        var length = Int.max
        while budget > 0, Self.weight(best) < length {
            length = Self.weight(best)
            best = await removeSteps(best)
            best = await simplifySteps(best)
            best = await simplifySurroundings(best)
        }
        return best
    }

    private static func weight(_ program: Program) -> Int {
        var weight = program.faultPercent
        for operation in program.steps.flatMap(\.operations) {
            weight += 2
            if operation.diesAt != nil { weight += 1 }
            if case .append(let events) = operation.action { weight += events.count }
        }
        return weight + program.steps.count + program.clocks.count { $0 != 0 }
    }

    private mutating func stillFails(_ program: Program) async -> Bool {
        guard budget > 0 else { return false }
        budget -= 1
        return await fails(program)
    }

    private mutating func removeSteps(_ program: Program) async -> Program {
        var best = program
        var size = max(1, best.steps.count / 2)
        while true {
            var start = 0
            while start < best.steps.count {
                var smaller = best
                smaller.steps.removeSubrange(start..<min(start + size, best.steps.count))
                if await stillFails(smaller) { best = smaller } else { start += size }
            }
            if size == 1 { return best }
            size /= 2
        }
    }

    private mutating func simplifySteps(_ program: Program) async -> Program {
        var best = program
        for index in best.steps.indices {
            for candidate in Self.simpler(best.steps[index]) {
                var smaller = best
                smaller.steps[index] = candidate
                if await stillFails(smaller) { best = smaller }
            }
        }
        return best
    }

    /// Steps with a little less in them.
    ///
    /// They are tried one after the other, so each begins with the step as it was.
    private static func simpler(_ step: Program.Step) -> [Program.Step] {
        switch step {
        case .together(let lanes):
            return lanes.indices.flatMap { lane in
                lanes[lane].indices
                    .map { index in
                        var fewer = lanes
                        fewer[lane].remove(at: index)
                        fewer.removeAll(where: \.isEmpty)
                        return fewer.count == 1 && fewer[0].count == 1 ? .alone(fewer[0][0]) : .together(fewer)
                    }
            }
        case .alone(var operation):
            if operation.diesAt != nil {
                operation.diesAt = nil
                return [.alone(operation)]
            }
            guard case .append(let events) = operation.action, events.count > 1 else { return [] }
            return events.indices.map { index in
                var fewer = events
                fewer.remove(at: index)
                operation.action = .append(fewer)
                return .alone(operation)
            }
        }
    }

    private mutating func simplifySurroundings(_ program: Program) async -> Program {
        var best = program
        func attempt(_ change: (inout Program) -> Void) async {
            var smaller = best
            change(&smaller)
            if await stillFails(smaller) { best = smaller }
        }
        if best.faultPercent > 0 { await attempt { $0.faultPercent = 0 } }
        for actor in best.clocks.indices where best.clocks[actor] != 0 { await attempt { $0.clocks[actor] = 0 } }
        return best
    }
}
