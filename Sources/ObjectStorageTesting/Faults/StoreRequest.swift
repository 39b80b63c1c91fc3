/// A request to a store, as far as a fault may depend on it.
public struct StoreRequest: Sendable, Hashable {
    /// What is asked.
    public var operation: StoreOperation
    /// The object; of a copy the destination, of a listing the prefix.
    ///
    /// A deletion asks once for each key.
    public var key: String
    /// How many requests of this operation and key were made before, from 0.
    ///
    /// Unlike the place among all requests, this does not depend on how concurrent tasks take turns, as long as no two
    /// of them make the same request.
    public var occurrence: Int

    /// Makes a request from its parts.
    public init(operation: StoreOperation, key: String, occurrence: Int) {
        self.operation = operation
        self.key = key
        self.occurrence = occurrence
    }
}
