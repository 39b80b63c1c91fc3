extension SQLLimits {
    /// Does something, and gives up when it takes too long.
    ///
    /// - Parameter body: What to do; it is cancelled, and awaited.
    /// - Returns: What it came to.
    /// - Throws: ``SQLError/Code/limit``, and whatever it throws.
    package func timed<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        guard let duration else { return try await body() }
        return try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: duration)
                throw SQLError(
                    .limit,
                    "The query took longer than \(duration.components.seconds) s. Narrow it to a range of time, or allow more."
                )
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}
