public import RecordStreams

/// What every stream must do, as checks that any test framework can run.
///
/// With Swift Testing, one test runs them all:
///
/// ```swift
/// @Test(arguments: StreamConformance.checks)
/// func conforms(_ check: StreamConformance.Check) async throws {
///     try await check.run(on: MyStream(…))
/// }
/// ```
///
/// Each check wants an empty stream of its own that nobody else writes to, with two shards or more where there are
/// such things. The stream is source and sink in one; authors of a source alone hand in a sink that writes to it.
public enum StreamConformance {
    /// One thing that must hold.
    public struct Check: Sendable, CustomStringConvertible {
        /// What must hold, as a sentence.
        public let name: String
        private let body: @Sendable (any StreamSource, any StreamSink) async throws -> Void

        /// Makes a check.
        ///
        /// - Parameters:
        ///   - name: What must hold, as a sentence.
        ///   - body: Throws when it does not hold on an empty stream.
        public init(
            _ name: String,
            _ body: @escaping @Sendable (any StreamSource, any StreamSink) async throws -> Void
        ) {
            self.name = name
            self.body = body
        }

        /// Runs the check on an empty stream.
        ///
        /// - Throws: ``StreamViolation`` when it does not hold, and whatever error of the stream was not expected.
        public func run(on stream: any StreamSource & StreamSink) async throws {
            try await body(stream, stream)
        }

        /// Runs the check on the two ends of an empty stream.
        ///
        /// - Throws: As ``run(on:)``.
        public func run(source: any StreamSource, sink: any StreamSink) async throws {
            try await body(source, sink)
        }

        /// The name.
        public var description: String { name }
    }

    /// All checks.
    public static let checks: [Check] = readChecks + positionChecks + shardChecks
}

/// A stream did something else than it must.
public struct StreamViolation: Error, CustomStringConvertible {
    /// What was expected, and what happened.
    public var message: String
    /// The place of the expectation, as `file:line`.
    public var place: String

    /// The place and the message.
    public var description: String { "\(place): \(message)" }
}

/// Throws unless a condition holds.
func expect(
    _ condition: Bool,
    _ message: @autoclosure () -> String,
    file: String = #fileID,
    line: Int = #line
) throws {
    if !condition { throw StreamViolation(message: message(), place: "\(file):\(line)") }
}
