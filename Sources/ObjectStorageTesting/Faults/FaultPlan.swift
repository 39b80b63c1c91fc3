/// Which requests go wrong, and how.
///
/// Every rule is asked for every request, so one request can be slow by one rule and fail by another. Random rules are
/// decided by a hash of seed, rule and request: the same program meets the same faults, however its tasks take turns.
public struct FaultPlan: Sendable {
    /// One kind of fault for some requests.
    public struct Rule: Sendable {
        /// When it applies to a request that matches.
        public enum Trigger: Sendable, Hashable {
            /// Each time.
            case always
            /// With this probability, 0 to 1.
            case probability(Double)
            /// When the same request was made this many times before; `[0]` is the first time alone.
            case occurrences(Set<Int>)
        }

        /// What goes wrong.
        public var fault: Fault
        /// The kinds of requests it is for; empty for all.
        public var operations: Set<StoreOperation>
        /// What their keys begin with.
        public var keyPrefix: String
        /// When.
        public var trigger: Trigger

        /// Makes a rule; the defaults apply to every request.
        public init(
            _ fault: Fault,
            on operations: Set<StoreOperation> = [],
            keyPrefix: String = "",
            _ trigger: Trigger = .always
        ) {
            self.fault = fault
            self.operations = operations
            self.keyPrefix = keyPrefix
            self.trigger = trigger
        }
    }

    /// Decides the random rules.
    public var seed: UInt64
    /// All are asked, in order.
    public var rules: [Rule]

    /// Makes a plan.
    public init(seed: UInt64 = 0, rules: [Rule]) {
        self.seed = seed
        self.rules = rules
    }

    /// The faults of a request, in the order of the rules.
    public func faults(for request: StoreRequest) -> [Fault] {
        rules.indices.filter { applies($0, to: request) }.map { rules[$0].fault }
    }

    private func applies(_ index: Int, to request: StoreRequest) -> Bool {
        let rule = rules[index]
        guard rule.operations.isEmpty || rule.operations.contains(request.operation) else { return false }
        guard request.key.utf8.starts(with: rule.keyPrefix.utf8) else { return false }
        switch rule.trigger {
        case .always: return true
        case .occurrences(let occurrences): return occurrences.contains(request.occurrence)
        case .probability(let probability): return fraction(index, request) < probability
        }
    }

    /// A number from 0 to below 1 that looks random and depends on nothing but the arguments and the seed.
    private func fraction(_ index: Int, _ request: StoreRequest) -> Double {
        // FNV-1a over the text, then two rounds of SplitMix64; Swift's own hashing differs from run to run.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in request.operation.rawValue.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for byte in request.key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        var random = SeededRandom(seed: hash ^ seed &* 0x9E37_79B9_7F4A_7C15)
        let position = UInt64(index) << 40 ^ UInt64(request.occurrence)
        random = SeededRandom(seed: random.next() ^ position &* 0xD1B5_4A32_D192_ED03)
        return Double(random.next() >> 11) * 0x1p-53
    }
}
