/// A store that keeps short texts of its users with an object, beside its bytes.
///
/// Journals need none; other programs keep state there.
public protocol MetadataObjectStore: ObjectStore {
    /// Stores an object with metadata of its own; atomic and durable as ``ObjectStore/put(_:_:mode:)``. One request.
    ///
    /// - Parameters:
    ///   - key: The object.
    ///   - bytes: What it holds.
    ///   - mode: When the put may take effect.
    ///   - metadata: Texts by name: names of `a-z0-9-_`, values of printable ASCII, 2 kB in all.
    /// - Returns: What the store knows of the object.
    /// - Throws: ``ObjectStoreError``.
    @discardableResult
    func put(
        _ key: String,
        _ bytes: [UInt8],
        mode: PutMode,
        metadata: [String: String]
    ) async throws -> ObjectMetadata

    /// The text that an object has under a name; `nil` when it has none. One request.
    ///
    /// - Throws: ``ObjectStoreError/Code/notFound`` when there is no such object.
    func metadata(of key: String, named name: String) async throws -> String?
}
