/// The objects of a listing, whose pages are fetched as they are consumed.
///
/// One request per page of up to 1000 objects, and one page in memory at a time. Each iteration lists anew.
public struct ObjectListing: AsyncSequence, Sendable {
    private let store: any ObjectStore
    private var options: ListOptions

    /// Lists what the options say; a delimiter in them is ignored, since only objects are handed out.
    public init(store: any ObjectStore, options: ListOptions) {
        self.store = store
        self.options = options
        self.options.delimiter = nil
    }

    /// Begins a listing.
    public func makeAsyncIterator() -> Iterator { Iterator(store: store, options: options) }

    /// Goes through a listing.
    public struct Iterator: AsyncIteratorProtocol {
        private let store: any ObjectStore
        private var options: ListOptions
        private var page: ArraySlice<ObjectMetadata> = []
        private var isLastPage = false

        fileprivate init(store: any ObjectStore, options: ListOptions) {
            self.store = store
            self.options = options
        }

        /// The next object, `nil` at the end.
        public mutating func next() async throws -> ObjectMetadata? {
            while page.isEmpty {
                guard try await fetch() else { return nil }
            }
            return page.removeFirst()
        }

        /// The rest of the current page, or the next page that is not empty; `nil` at the end.
        ///
        /// The cheap way through a long listing.
        public mutating func nextPage() async throws -> ArraySlice<ObjectMetadata>? {
            while page.isEmpty {
                guard try await fetch() else { return nil }
            }
            defer { page = [] }
            return page
        }

        private mutating func fetch() async throws -> Bool {
            if isLastPage { return false }
            try Task.checkCancellation()
            let result = try await store.list(options)
            page = result.objects[...]
            options.continuation = result.continuation
            isLastPage = result.continuation == nil
            return true
        }
    }

    /// All objects of the listing in an array.
    ///
    /// - Parameter limit: The most objects to accept.
    /// - Returns: The objects in the order of the pages.
    /// - Throws: ``ObjectStoreError/Code/failed`` when there are more.
    public func collect(upTo limit: Int) async throws -> [ObjectMetadata] {
        var objects: [ObjectMetadata] = []
        var iterator = makeAsyncIterator()
        while let page = try await iterator.nextPage() {
            guard page.count <= limit - objects.count else {
                throw ObjectStoreError(
                    .failed,
                    "There are more than \(limit) objects under \(ObjectKey.quoted(options.prefix)) in "
                        + "\(store.location); raise the limit, or go through them without collecting them."
                )
            }
            objects += page
        }
        return objects
    }
}
