internal import ObjectStorage

/// Throws unless a condition holds.
func expect(
    _ condition: Bool,
    _ message: @autoclosure () -> String,
    file: String = #fileID,
    line: Int = #line
) throws {
    if !condition { throw ConformanceViolation(message: message(), place: "\(file):\(line)") }
}

/// Throws unless two values are equal.
func expectEqual<Value: Equatable>(
    _ found: Value,
    _ expected: Value,
    _ what: @autoclosure () -> String,
    file: String = #fileID,
    line: Int = #line
) throws {
    if found != expected {
        throw ConformanceViolation(message: "\(what()) is \(found), not \(expected)", place: "\(file):\(line)")
    }
}

/// Throws unless two lots of bytes are equal; says where they differ, not what they are.
func expectBytes(
    _ found: [UInt8],
    _ expected: [UInt8],
    _ what: @autoclosure () -> String,
    file: String = #fileID,
    line: Int = #line
) throws {
    if found == expected { return }
    let same = zip(found, expected).prefix { $0 == $1 }.count
    throw ConformanceViolation(
        message:
            "\(what()): \(found.count) bytes, not the \(expected.count) expected; they differ from byte \(same) on",
        place: "\(file):\(line)"
    )
}

/// Throws unless a closure throws a store's error with one of the codes.
func expectError<Value>(
    _ codes: ObjectStoreError.Code...,
    of what: String,
    file: String = #fileID,
    line: Int = #line,
    _ body: () async throws -> Value
) async throws {
    do {
        _ = try await body()
    } catch let error as ObjectStoreError {
        if codes.contains(error.code) { return }
        let message =
            "\(what) threw \(error.code) (\(error)), not \(codes.map(\.description).joined(separator: " or "))"
        throw ConformanceViolation(message: message, place: "\(file):\(line)")
    }
    let message = "\(what) threw nothing, not \(codes.map(\.description).joined(separator: " or "))"
    throw ConformanceViolation(message: message, place: "\(file):\(line)")
}

/// Bytes that differ from place to place and from seed to seed.
///
/// Random ones in a period of 4099, a prime: no mistake by a block, a page or a part hits the same bytes again.
func pattern(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    let block = (0..<4099).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += block.prefix(count - bytes.count) }
    return bytes
}

/// All pages of a listing.
func allPages(_ store: any ObjectStore, _ options: ListOptions) async throws -> [ListPage] {
    var options = options
    var pages: [ListPage] = []
    repeat {
        let page = try await store.list(options)
        pages.append(page)
        try expect(
            page.objects.count + page.commonPrefixes.count <= max(options.limit, 1),
            "A page has \(page.objects.count) objects and \(page.commonPrefixes.count) prefixes with limit \(options.limit)"
        )
        try expect(pages.count <= 20_000, "A listing of \(options) does not end")
        options.continuation = page.continuation
    } while options.continuation != nil
    return pages
}

/// The keys of a whole listing, sorted by bytes; throws when one comes twice.
func allKeys(_ store: any ObjectStore, _ options: ListOptions = ListOptions()) async throws -> [String] {
    let keys = try await allPages(store, options).flatMap(\.objects).map(\.key).sorted(by: precedes)
    for (left, right) in zip(keys, keys.dropFirst()) {
        try expect(!left.utf8.elementsEqual(right.utf8), "The listing of \(options) has \(left) twice")
    }
    return keys
}

/// The common prefixes of a whole listing, sorted by bytes; throws when one comes twice.
func allCommonPrefixes(_ store: any ObjectStore, _ options: ListOptions) async throws -> [String] {
    let prefixes = try await allPages(store, options).flatMap(\.commonPrefixes).sorted(by: precedes)
    for (left, right) in zip(prefixes, prefixes.dropFirst()) {
        try expect(!left.utf8.elementsEqual(right.utf8), "The listing of \(options) has the prefix \(left) twice")
    }
    return prefixes
}

/// Keys sorted as stores compare them.
func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}

/// Runs a closure many times at once, and returns what each returned, by number.
func concurrently<Value: Sendable>(
    _ count: Int,
    _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: (Int, Value).self) { group in
        for index in 0..<count { group.addTask { (index, try await body(index)) } }
        var results: [(Int, Value)] = []
        for try await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
