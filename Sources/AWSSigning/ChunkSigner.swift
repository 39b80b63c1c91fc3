/// Signs the chunks of a body one after the other, each signature covering that of the one before.
///
/// Source: AWS, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks", and
/// "… Including trailing headers".
public struct ChunkSigner: Sendable {
    private let key: SigningKey
    private let stamp: String
    private let scope: String
    private var previous: String

    init(key: SigningKey, stamp: String, scope: String, seed: String) {
        self.key = key
        self.stamp = stamp
        self.scope = scope
        previous = seed
    }

    /// A chunk with its head and the line break behind it; one of no bytes ends the body.
    ///
    /// Every chunk but the last two must have at least 8 KiB. When trailers follow the last chunk, leave out the line
    /// break behind it: ``trailer(_:)`` begins where it would be.
    public mutating func chunk(_ bytes: ArraySlice<UInt8>, isBeforeTrailer: Bool = false) -> [UInt8] {
        let empty = SigV4Signer.hash([])
        let text =
            "AWS4-HMAC-SHA256-PAYLOAD\n\(stamp)\n\(scope)\n\(previous)\n\(empty)\n\(SigV4Signer.hash(Array(bytes)))"
        previous = key.signature(of: text)
        let head = "\(String(bytes.count, radix: 16));chunk-signature=\(previous)\r\n"
        return Array(head.utf8) + bytes + (isBeforeTrailer ? [] : [0x0D, 0x0A])
    }

    /// The trailers of the body with their signature, and its end.
    ///
    /// - Parameter headers: Names in small letters and values, in the order of the names.
    /// - Returns: The bytes that end the body.
    public mutating func trailer(_ headers: [(name: String, value: String)]) -> [UInt8] {
        let canonical = headers.map { "\($0.name):\($0.value)\n" }.joined()
        let text =
            "AWS4-HMAC-SHA256-TRAILER\n\(stamp)\n\(scope)\n\(previous)\n\(SigV4Signer.hash(Array(canonical.utf8)))"
        previous = key.signature(of: text)
        let lines = headers.map { "\($0.name):\($0.value)\r\n" }.joined()
        return Array("\(lines)x-amz-trailer-signature:\(previous)\r\n\r\n".utf8)
    }

    /// The signature computed last.
    public var signature: String { previous }

    /// How many bytes a body has once it is cut into chunks that are signed.
    ///
    /// - Parameters:
    ///   - count: The bytes of the body.
    ///   - chunk: The bytes of each chunk but the last.
    ///   - trailer: The bytes of the trailers' lines, without the signature; 0 without trailers.
    /// - Returns: The bytes to send.
    public static func encodedCount(of count: Int, chunk: Int, trailer: Int = 0) -> Int {
        func size(_ bytes: Int) -> Int { String(bytes, radix: 16).utf8.count + 17 + 64 + 2 + bytes + 2 }
        let whole = count / chunk
        let rest = count % chunk
        let chunks = whole * size(chunk) + (rest > 0 ? size(rest) : 0) + size(0)
        return trailer > 0 ? chunks - 2 + trailer + 24 + 64 + 4 : chunks
    }
}
