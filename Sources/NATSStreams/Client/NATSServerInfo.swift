internal import NIOCore
internal import RecordStreams
internal import TextEncoding

/// What a server says of itself when a client connects.
struct NATSServerInfo: Sendable, Equatable {
    var version = ""
    /// The longest message it takes, headers included.
    var maximumPayload = 1 << 20
    var hasHeaders = false
    var requiresTLS = false
    var offersTLS = false
    var requiresAuthorization = false

    /// Reads the JSON of an INFO line.
    init(_ bytes: ByteBuffer) throws(NATSProtocolError) {
        let value: JSONValue
        do throws(JSONValue.Failure) {
            value = try JSONValue.parse(Array(bytes.readableBytesView))
        } catch {
            throw NATSProtocolError(description: "an INFO that cannot be read: \(error)")
        }
        guard case .object = value else { throw NATSProtocolError(description: "an INFO that is no object") }
        version = value["version"]?.text ?? ""
        if let most = value["max_payload"]?.integer, (1...1 << 30).contains(most) { maximumPayload = Int(most) }
        hasHeaders = value["headers"] == .boolean(true)
        requiresTLS = value["tls_required"] == .boolean(true)
        offersTLS = requiresTLS || value["tls_available"] == .boolean(true)
        requiresAuthorization = value["auth_required"] == .boolean(true)
    }
}
