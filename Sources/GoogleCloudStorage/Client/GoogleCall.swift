/// A request to the JSON API, before it is allowed by a token.
struct GoogleCall: Sendable {
    var method: String
    /// Behind the host, encoded, with its query.
    var target: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// The object, without the store's prefix; empty for the bucket.
    var key: String
    /// The permission it needs, such as `storage.objects.get`.
    var permission: String

    init(
        _ method: String,
        _ target: String,
        key: String,
        permission: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        self.key = key
        self.permission = permission
        self.headers = headers
        self.body = body
    }
}
