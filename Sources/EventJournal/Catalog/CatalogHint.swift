/// An empty object in the inbox whose name says which version of the catalog has a checkpoint.
///
/// Whoever lists the inbox knows it without a request of its own. It is a hint only: it may be behind, or absent.
enum CatalogHint {
    private static let prefix = Segment.inbox + "~catalog-"

    /// The hint's key.
    static func key(_ version: Int64) -> String { prefix + String(version) }

    /// The version a key of the inbox names; `nil` when it is no hint.
    static func version(_ key: String) -> Int64? {
        key.hasPrefix(prefix) ? Int64(key.dropFirst(prefix.count)).flatMap { $0 >= 0 ? $0 : nil } : nil
    }
}
