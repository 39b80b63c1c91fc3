/// The value of a `Content-Range` header, `bytes 0-9/100`.
package struct ContentRange: Sendable {
    /// Which bytes follow.
    package let bounds: Range<UInt64>
    /// How many the whole has.
    package let size: UInt64

    /// Reads the header; `nil` when it is another.
    package init?(_ header: String) {
        let parts = header.split(whereSeparator: { " -/".contains($0) })
        guard parts.count == 4, parts[0] == "bytes", let first = UInt64(parts[1]), let last = UInt64(parts[2]),
            let size = UInt64(parts[3]), first <= last, last < size
        else { return nil }
        bounds = first..<last + 1
        self.size = size
    }
}
