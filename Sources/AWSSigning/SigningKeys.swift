internal import CloudSupport
internal import Crypto
internal import Synchronization

/// A key derived for one day, region and service.
struct SigningKey: Sendable {
    private let key: SymmetricKey

    /// Four HMACs, each the key of the next.
    init(secret: String, day: String, region: String, service: String) {
        var key = SymmetricKey(data: Array("AWS4\(secret)".utf8))
        for part in [day, region, service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        self.key = key
    }

    /// The HMAC of a text in hexadecimal digits.
    func signature(of text: String) -> String {
        Hexadecimal.encode(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }
}

/// The key last derived.
final class SigningKeys: Sendable {
    private struct Entry {
        var secret: String
        var day: String
        var key: SigningKey
    }

    private let last = Mutex<Entry?>(nil)

    func key(_ secret: String, day: String, region: String, service: String) -> SigningKey {
        if let entry = last.withLock({ $0 }), entry.secret == secret, entry.day == day { return entry.key }
        let key = SigningKey(secret: secret, day: day, region: region, service: service)
        last.withLock { $0 = Entry(secret: secret, day: day, key: key) }
        return key
    }
}
