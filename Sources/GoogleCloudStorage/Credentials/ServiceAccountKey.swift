internal import CryptoExtras
internal import TextEncoding

/// The key of a service account, which signs tokens and URLs.
public struct ServiceAccountKey: Sendable {
    /// The account, as an address.
    public let email: String
    private let key: _RSA.Signing.PrivateKey
    private let keyID: String?

    /// Takes the key from a key file's members.
    ///
    /// - Parameters:
    ///   - email: `client_email`.
    ///   - privateKey: `private_key`, in PEM.
    ///   - keyID: `private_key_id`.
    /// - Throws: ``GoogleCredentialsError`` when it is no RSA key.
    public init(email: String, privateKey: String, keyID: String? = nil) throws {
        do {
            key = try _RSA.Signing.PrivateKey(pemRepresentation: privateKey)
        } catch {
            throw GoogleCredentialsError(
                "the private key of \(email) is no RSA key in PEM (\(error)); download the key file anew"
            )
        }
        self.email = email
        self.keyID = keyID
    }

    /// An RSA signature with SHA-256, PKCS#1 version 1.5, of a text.
    func sign(_ text: String) throws -> [UInt8] {
        Array(try key.signature(for: Array(text.utf8), padding: .insecurePKCS1v1_5).rawRepresentation)
    }

    /// A JSON Web Token signed with RS256, RFC 7515 and 7519, which Google trades for an access token.
    func assertion(scope: String, audience: String, now: Int64) throws -> String {
        let second = now / 1_000_000
        let identifier = keyID.map { ",\"kid\":" + JSONString.quoted($0) } ?? ""
        let header = "{\"alg\":\"RS256\",\"typ\":\"JWT\"\(identifier)}"
        let claims =
            "{\"iss\":\(JSONString.quoted(email)),\"scope\":\(JSONString.quoted(scope)),\"aud\":\(JSONString.quoted(audience)),"
            + "\"iat\":\(second),\"exp\":\(second + 3600)}"
        let text =
            Base64.encode(Array(header.utf8), forURL: true) + "." + Base64.encode(Array(claims.utf8), forURL: true)
        return text + "." + Base64.encode(try sign(text), forURL: true)
    }
}
