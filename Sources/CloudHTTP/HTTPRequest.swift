/// A request to send, as often as it takes.
package struct HTTPRequest: Sendable {
    /// The method, in capitals.
    package var method: String
    /// Absolute and percent-encoded.
    package var url: String
    /// In the order they are sent.
    package var headers: [(name: String, value: String)]
    /// Copied once, while it is sent.
    package var body: [UInt8]

    /// Makes a request.
    package init(_ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}
