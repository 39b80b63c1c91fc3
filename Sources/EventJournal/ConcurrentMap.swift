internal import ObjectStorage
internal import Synchronization

/// Transforms elements with at most `limit` in flight, and returns the results in the order of the elements.
///
/// The transformations run on the threads that stores block on, so that reading a segment and decoding it takes no
/// change of threads in between, and the cooperative pool is left to the callers.
///
/// The first error cancels the rest and is thrown when they have ended.
package func mapConcurrently<Element: Sendable, Result: Sendable>(
    _ elements: some Collection<Element> & Sendable,
    limit: Int,
    _ transform: @escaping @Sendable (Element) async throws -> Result
) async throws -> [Result] {
    if elements.count == 1, let only = elements.first { return [try await transform(only)] }
    let elements = Array(elements)
    // Workers help themselves: handing out elements one by one would put a change of threads between any two.
    let cursor = Cursor()
    var results = [Result?](repeating: nil, count: elements.count)
    try await withThrowingTaskGroup(of: [(Int, Result)].self) { group in
        for _ in 0..<min(limit, elements.count) {
            group.addTask(executorPreference: IOThreads.shared) {
                var done: [(Int, Result)] = []
                while let index = cursor.next(below: elements.count) {
                    try Task.checkCancellation()
                    done.append((index, try await transform(elements[index])))
                }
                return done
            }
        }
        for try await done in group {
            for (index, result) in done { results[index] = result }
        }
    }
    return results.compactMap(\.self)
}

/// Deals out numbers, each to one worker.
private final class Cursor: Sendable {
    private let position = Atomic<Int>(0)

    func next(below end: Int) -> Int? {
        let index = position.add(1, ordering: .relaxed).oldValue
        return index < end ? index : nil
    }
}
