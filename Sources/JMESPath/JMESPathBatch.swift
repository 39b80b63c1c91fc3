/// What an evaluator made of many documents; keep one and use it again, and nothing is allocated for each document.
public struct JMESPathBatch: Sendable {
    /// What became of one document.
    public struct Result: Sendable {
        /// How a document fared.
        public enum Outcome: UInt8, Sendable {
            /// The condition is true, or there is none; ``Result/bytes`` are the projection.
            case match
            /// The condition is not true.
            case noMatch
            /// It is not one JSON value; ``Result/error`` tells why.
            case notJSON
            /// A function got an argument it does not take; ``Result/error`` tells which.
            case failed
        }

        /// How it fared.
        public var outcome: Outcome
        /// Its number among the documents given, or among the lines of the block, blank ones counted.
        public var index: Int
        /// Of a line: where it stands in the block.
        public var document: Range<Int>
        /// What was written for it, as a range of ``JMESPathBatch/bytes``; empty unless it matches.
        public var bytes: Range<Int>
        /// Its error, as index in ``JMESPathBatch/errors``, or -1.
        public var error: Int
    }

    /// One result for each document or line that is not blank, in their order.
    public internal(set) var results: [Result] = []
    /// The projections of all documents that match, one behind the other.
    public internal(set) var bytes: [UInt8] = []
    /// The errors of documents that could not be evaluated.
    public internal(set) var errors: [JMESPathError] = []
    /// How many results are matches.
    public internal(set) var matches = 0

    /// A byte to be written behind each projection, such as a line feed; it is no part of the result's range.
    public var terminator: UInt8?
    /// Whether, without a projection, a document that matches is written as it stands.
    public var copiesDocuments: Bool

    /// An empty batch.
    public init(terminator: UInt8? = nil, copiesDocuments: Bool = false) {
        self.terminator = terminator
        self.copiesDocuments = copiesDocuments
    }

    /// The results that have an error, with it.
    public var failures: [(result: Result, error: JMESPathError)] {
        errors.isEmpty ? [] : results.compactMap { $0.error >= 0 ? ($0, errors[$0.error]) : nil }
    }

    /// Forgets the results and keeps their memory.
    mutating func removeAll() {
        results.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        errors.removeAll(keepingCapacity: true)
        matches = 0
    }
}
