/// An operation that has been carried out.
struct Performance: Sendable {
    var operation: Operation
    var outcome: Outcome
    /// How many effects the log of the store had when it began.
    var begin: Int
}
