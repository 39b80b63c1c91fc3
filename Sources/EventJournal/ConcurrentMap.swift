internal import ObjectStorage

/// Transforms elements with at most `limit` in flight, and returns the results in the order of the elements.
///
/// The transformations run on the threads that stores block on, so that reading a segment and decoding it takes no change
/// of threads in between, and the cooperative pool is left to the callers.
///
/// The first error cancels the rest and is thrown when they have ended.
func mapConcurrently<Element: Sendable, Result: Sendable>(
    _ elements: some Collection<Element>,
    limit: Int,
    _ transform: @escaping @Sendable (Element) async throws -> Result
) async throws -> [Result] {
    if elements.count == 1, let only = elements.first { return [try await transform(only)] }
    var results = [Result?](repeating: nil, count: elements.count)
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var started = 0
        for element in elements {
            try Task.checkCancellation()
            if started >= limit, let (index, result) = try await group.next() { results[index] = result }
            let index = started
            group.addTask(executorPreference: IOThreads.shared) { (index, try await transform(element)) }
            started += 1
        }
        for try await (index, result) in group { results[index] = result }
    }
    return results.compactMap(\.self)
}
