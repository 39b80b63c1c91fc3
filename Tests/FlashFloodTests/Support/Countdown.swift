import Synchronization

/// Allows something so many times.
final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) { left = Atomic(count) }

    /// How often it is allowed still.
    var count: Int { left.load(ordering: .relaxed) }

    func take() -> Bool { left.subtract(1, ordering: .relaxed).newValue >= 0 }
}
