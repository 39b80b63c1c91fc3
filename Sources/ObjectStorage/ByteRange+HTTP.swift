extension ByteRange {
    /// Whether it means no byte of any object.
    package var isEmpty: Bool {
        switch self {
        case .range(let bounds): bounds.isEmpty
        case .suffix(let count): count == 0
        }
    }

    /// The value of a `Range` header, RFC 9110 section 14.2; an empty range has none.
    package var header: String {
        switch self {
        case .range(let bounds): "bytes=\(bounds.lowerBound)-\(bounds.upperBound - 1)"
        case .suffix(let count): "bytes=-\(count)"
        }
    }
}
