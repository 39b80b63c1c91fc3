/// A request to S3, before it is signed.
struct S3Call: Sendable {
    /// What may become of a body.
    enum Body: Sendable {
        case none
        /// A small document.
        case document([UInt8])
        /// An object, or a part of one, that carries a checksum.
        case object([UInt8])

        var bytes: [UInt8] {
            switch self {
            case .none: []
            case .document(let bytes), .object(let bytes): bytes
            }
        }
    }

    var method: String
    /// The key in the bucket; `nil` for the bucket itself.
    var key: String?
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body = Body.none
    /// The permission it needs, such as `s3:GetObject`.
    var action: String
    /// Whether an answer of status 200 may turn out to be an error.
    var mayHideError = false

    init(
        _ method: String,
        _ key: String?,
        action: String,
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        body: Body = .none,
        mayHideError: Bool = false
    ) {
        self.method = method
        self.key = key
        self.action = action
        self.query = query
        self.headers = headers
        self.body = body
        self.mayHideError = mayHideError
    }
}
