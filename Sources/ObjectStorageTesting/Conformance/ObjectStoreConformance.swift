public import ObjectStorage

/// What every object store must do, as checks that any test framework can run.
///
/// With Swift Testing, one test runs them all:
///
/// ```swift
/// @Test(arguments: ObjectStoreConformance.checks)
/// func conforms(_ check: ObjectStoreConformance.Check) async throws {
///     try await check.run(on: MyStore(…))
/// }
/// ```
///
/// Each check wants an empty store of its own; for a shared bucket hand in a `PrefixedObjectStore` with a fresh prefix.
/// Checks hold what they store in memory, at most about 20 MB, and clean up nothing.
public enum ObjectStoreConformance {
    /// One thing that must hold.
    public struct Check: Sendable, CustomStringConvertible {
        /// What must hold, as a sentence.
        public let name: String
        private let body: @Sendable (any ObjectStore) async throws -> Void

        /// Makes a check.
        ///
        /// - Parameters:
        ///   - name: What must hold, as a sentence.
        ///   - body: Throws when it does not hold on an empty store.
        public init(_ name: String, _ body: @escaping @Sendable (any ObjectStore) async throws -> Void) {
            self.name = name
            self.body = body
        }

        /// Runs the check on an empty store.
        ///
        /// - Throws: ``ConformanceViolation`` when it does not hold, and whatever error of the store was not expected.
        public func run(on store: any ObjectStore) async throws {
            try await body(store)
        }

        /// The name.
        public var description: String { name }
    }

    /// All checks.
    public static let checks: [Check] =
        objectChecks + rangeChecks + conditionChecks + keyChecks + listChecks + uploadChecks + raceChecks
        + convenienceChecks
}

/// A store did something else than it must.
public struct ConformanceViolation: Error, CustomStringConvertible {
    /// What was expected, and what happened.
    public var message: String
    /// The place of the expectation, as `file:line`.
    public var place: String

    /// The place and the message.
    public var description: String { "\(place): \(message)" }
}
