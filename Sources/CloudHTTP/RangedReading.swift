/// Reads some bytes of one version of an object: in pieces side by side when they are many, each of which goes on where
/// an answer was cut.
package struct RangedReading: Sendable {
    private let policy: RetryPolicy
    private let pieceBytes: UInt64
    private let inFlight: Int
    private let open: @Sendable (Range<UInt64>) async throws -> HTTPResponse?
    private let unanswered: @Sendable (Range<UInt64>, HTTPFailure, Attempts) -> any Error
    private let retried: Retried

    /// What is told of an answer that was cut: what is left to read, why, and how it has been tried so far.
    package typealias Retried =
        @Sendable (Range<UInt64>, HTTPFailure, _ elapsed: Duration, _ made: Int, _ wait: Duration) -> Void

    /// Attempts are counted anew when this many bytes have come.
    private static let progress = 64 << 10

    /// A way to read.
    ///
    /// - Parameters:
    ///   - policy: When to try again.
    ///   - pieceBytes: What is read at a time; ranges of less than twice this are read as one.
    ///   - inFlight: How many pieces at once.
    ///   - open: Opens an answer with exactly these bytes of the version; `nil` when another has taken its place.
    ///   - unanswered: The error when attempts are used up.
    ///   - retried: Told of an answer that was cut, before the wait for another.
    package init(
        policy: RetryPolicy,
        pieceBytes: Int,
        inFlight: Int,
        open: @escaping @Sendable (Range<UInt64>) async throws -> HTTPResponse?,
        unanswered: @escaping @Sendable (Range<UInt64>, HTTPFailure, Attempts) -> any Error,
        retried: @escaping Retried
    ) {
        self.policy = policy
        self.pieceBytes = UInt64(max(pieceBytes, 1))
        self.inFlight = max(inFlight, 1)
        self.open = open
        self.unanswered = unanswered
        self.retried = retried
    }

    /// Reads a range in pieces.
    ///
    /// - Parameters:
    ///   - bounds: Which bytes.
    ///   - first: An answer that begins with the first of them.
    /// - Returns: The bytes; `nil` when another version has taken the object's place.
    /// - Throws: What opening throws, or the error of an unanswered request; `CancellationError`.
    package func read(_ bounds: Range<UInt64>, _ first: HTTPResponse) async throws -> [UInt8]? {
        guard UInt64(bounds.count) >= 2 * pieceBytes else { return try await readWhole(bounds, first) }
        // The first answer brings the first piece, and is let go then; the others come beside it.
        let starts = Array(stride(from: bounds.lowerBound, to: bounds.upperBound, by: Int(pieceBytes)))
        return try await withThrowingTaskGroup(of: (Int, [UInt8]?).self) { group in
            var pieces = [[UInt8]?](repeating: nil, count: starts.count)
            func add(_ index: Int) {
                let piece = starts[index]..<min(starts[index] + pieceBytes, bounds.upperBound)
                group.addTask { (index, try await readWhole(piece, index == 0 ? first : nil)) }
            }
            var next = min(inFlight, starts.count)
            for index in 0..<next { add(index) }
            while let (index, bytes) = try await group.next() {
                guard let bytes else {
                    group.cancelAll()
                    return nil
                }
                pieces[index] = bytes
                if next < starts.count {
                    add(next)
                    next += 1
                }
            }
            var all: [UInt8] = []
            all.reserveCapacity(bounds.count)
            for index in pieces.indices {
                all += pieces[index] ?? []
                pieces[index] = nil
            }
            return all
        }
    }

    /// Reads a range as one, going on where an answer was cut.
    ///
    /// - Parameters:
    ///   - bounds: Which bytes.
    ///   - first: An answer that begins with the first of them, if there is one yet.
    /// - Returns: As ``read(_:_:)``.
    /// - Throws: As ``read(_:_:)``.
    package func readWhole(_ bounds: Range<UInt64>, _ first: HTTPResponse?) async throws -> [UInt8]? {
        var bytes: [UInt8] = []
        var response = first
        var attempts = Attempts(policy)
        var counted = 0
        while true {
            let rest = bounds.lowerBound + UInt64(bytes.count)..<bounds.upperBound
            var failure = HTTPFailure(.broken, "the answer was cut")
            do {
                let opened: HTTPResponse
                if let given = response {
                    opened = given
                } else if let next = try await open(rest) {
                    opened = next
                } else {
                    return nil
                }
                response = nil
                try await opened.read(into: &bytes, upTo: bounds.count)
            } catch let error as HTTPFailure {
                failure = error
            }
            response = nil
            if bytes.count == bounds.count { return bytes }
            if bytes.count - counted >= Self.progress {
                counted = bytes.count
                attempts = Attempts(policy)
            }
            let (cut, elapsed) = (failure, attempts.elapsed)
            guard try await attempts.wait(telling: { retried(rest, cut, elapsed, $0, $1) }) else {
                throw unanswered(rest, failure, attempts)
            }
        }
    }
}
