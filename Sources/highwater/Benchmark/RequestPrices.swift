/// What a store charges for requests, in US dollars for a thousand; storage and traffic come on top.
struct RequestPrices: Sendable {
    /// Of puts, copies and lists.
    var write: Double
    /// Of gets and heads.
    var read: Double
    /// Which prices these are.
    var source: String

    /// The list prices of the store at a URL; `nil` where nobody charges.
    static func listed(_ url: String) -> RequestPrices? {
        if url.hasPrefix("s3:") {
            return RequestPrices(
                write: 0.005,
                read: 0.0004,
                source: "S3 Standard, us-east-1, list prices as of 2026 (aws.amazon.com/s3/pricing)"
            )
        }
        if url.hasPrefix("gs:") {
            return RequestPrices(
                write: 0.005,
                read: 0.0004,
                source: "Google Standard, regional, list prices as of 2026 (cloud.google.com/storage/pricing)"
            )
        }
        return nil
    }

    /// What requests cost; deletes are free.
    func cost(_ requests: [RequestKind: Int]) -> Double {
        requests.reduce(0) { sum, entry in
            switch entry.key {
            case .put, .copy, .list: sum + Double(entry.value) * write / 1000
            case .get, .head: sum + Double(entry.value) * read / 1000
            case .delete: sum
            }
        }
    }
}
