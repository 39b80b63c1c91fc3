/// Runs to its end what must happen although the task that asks for it may have been cancelled, and waits for it.
///
/// For the few requests that put things in order when somebody has given up: they would fail at once otherwise. They
/// need time-outs of their own.
///
/// - Parameter body: What to do; it does not see the cancellation.
/// - Returns: What it returns.
/// - Throws: What it throws.
package func shielded<Value: Sendable, Failure>(
    _ body: @escaping @Sendable @concurrent () async throws(Failure) -> Value
) async throws(Failure) -> Value {
    let task = Task {
        do throws(Failure) {
            return Result<Value, Failure>.success(try await body())
        } catch {
            return .failure(error)
        }
    }
    return try await task.value.get()
}
