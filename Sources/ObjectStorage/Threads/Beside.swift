/// Runs `other` in a child task beside `body`, and returns what both gave.
///
/// In place of `async let`, whose task is freed by the one that awaits it while the thread that finished it still looks
/// at it: now and then that ends in a crash. Source: swiftlang/swift pull request 89883, mended in Swift 6.4. When one
/// of the two throws, the other is cancelled and awaited.
///
/// - Parameters:
///   - other: What runs in a child task.
///   - body: What runs in the task, and in the isolation, of the caller.
/// - Returns: What `body` returned, and what `other` did.
/// - Throws: What `body` throws; if it did not, what `other` throws.
package func beside<First, Second: Sendable>(
    _ other: @escaping @Sendable @concurrent () async throws -> Second,
    _ body: () async throws -> First
) async throws -> (First, Second) {
    try await withThrowingTaskGroup(of: Second.self) { group in
        group.addTask { try await other() }
        let first = try await body()
        guard let second = try await group.next() else { throw CancellationError() }
        return (first, second)
    }
}
