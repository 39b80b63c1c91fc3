import ObjectStorage

extension MemoryObjectStore {
    /// The keys of all objects whose names begin so, in order.
    func keys(_ prefix: String = "_inbox/") async throws -> [String] {
        try await list(ListOptions(prefix: prefix)).objects.map(\.key).sorted()
    }

    /// Replaces an object by what becomes of its bytes.
    func change(_ key: String, _ body: (inout [UInt8]) -> Void) async throws {
        var bytes = try await get(key, range: nil).bytes
        body(&bytes)
        try await put(key, bytes, mode: .overwrite)
    }
}
