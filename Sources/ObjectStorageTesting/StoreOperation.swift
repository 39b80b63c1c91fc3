/// The kinds of requests that a store is asked.
public enum StoreOperation: String, Sendable, Hashable, CaseIterable {
    /// Reading an object, whole or in part.
    case get
    /// Asking for metadata.
    case head
    /// Storing an object at once.
    case put
    /// Beginning an upload.
    case beginUpload
    /// A piece of an upload.
    case writeUpload
    /// The end of an upload that makes it an object.
    case completeUpload
    /// Giving an upload up.
    case abortUpload
    /// Deleting; one request for each call, however many keys.
    case delete
    /// Copying inside the store.
    case copy
    /// One page of a listing.
    case list
}
