internal import CloudHTTP
package import CloudSupport
internal import TextEncoding

/// Credentials as Google's own tools find them: a file that `GOOGLE_APPLICATION_CREDENTIALS` names, that of
/// `gcloud auth application-default login`, or the metadata server of the machine.
///
/// Source: Google Cloud, "How Application Default Credentials works"; "Using OAuth 2.0 for Server to Server
/// Applications".
public struct ApplicationDefaultCredentials: GoogleCredentialsProvider {
    private enum Source: Sendable {
        case serviceAccount(ServiceAccountKey, tokenURL: String)
        case user(id: String, secret: String, refreshToken: String, tokenURL: String)
        case metadata(host: String, whyNotFile: String)
    }

    private let source: Source
    private let token: RefreshedValue<String>
    private static let scope = "https://www.googleapis.com/auth/devstorage.read_write"

    /// Looks around.
    ///
    /// - Throws: ``GoogleCredentialsError`` when a file is there that cannot be used.
    public init() throws { try self.init(environment: .process) }

    /// Looks around in other variables than the process's.
    package init(environment: EnvironmentVariables) throws {
        if let path = environment["GOOGLE_APPLICATION_CREDENTIALS"] {
            do {
                try self.init(file: path, SmallFile.read(path))
            } catch let failure as SmallFile.Failure {
                throw GoogleCredentialsError("GOOGLE_APPLICATION_CREDENTIALS cannot be read: \(failure)")
            }
            return
        }
        let folder = environment["CLOUDSDK_CONFIG"] ?? "\(environment["HOME"] ?? "")/.config/gcloud"
        let path = "\(folder)/application_default_credentials.json"
        do {
            try self.init(file: path, SmallFile.read(path))
        } catch let failure as SmallFile.Failure {
            let host = environment["GCE_METADATA_HOST"] ?? "metadata.google.internal"
            self.init(.metadata(host: host, whyNotFile: "\(failure)"))
        }
    }

    /// Takes the credentials of a file: a service account's key, or a user's.
    ///
    /// - Parameters:
    ///   - path: Where it was, for messages.
    ///   - text: What is in it.
    /// - Throws: ``GoogleCredentialsError``.
    public init(file path: String, _ text: String) throws {
        let json: JSONValue
        do {
            json = try JSONValue.parse(text)
        } catch {
            throw GoogleCredentialsError("\(path) is no file of credentials: \(error)")
        }
        func member(_ name: String) throws -> String {
            guard let text = json[name]?.text else {
                throw GoogleCredentialsError("\(path) has no \(name); make it anew")
            }
            return text
        }
        let tokenURL = json["token_uri"]?.text ?? "https://oauth2.googleapis.com/token"
        switch json["type"]?.text {
        case "service_account":
            let key = try ServiceAccountKey(
                email: member("client_email"),
                privateKey: member("private_key"),
                keyID: json["private_key_id"]?.text
            )
            self.init(.serviceAccount(key, tokenURL: tokenURL))
        case "authorized_user":
            self.init(
                .user(
                    id: try member("client_id"),
                    secret: try member("client_secret"),
                    refreshToken: try member("refresh_token"),
                    tokenURL: tokenURL
                )
            )
        case let type:
            throw GoogleCredentialsError(
                "\(path) holds credentials of the type \(type ?? "none"), which is not supported; use a service account's key "
                    + "file, `gcloud auth application-default login`, or a machine with a service account"
            )
        }
    }

    private init(_ source: Source) {
        self.source = source
        token = RefreshedValue { try await Self.fetch(source) }
    }

    /// An access token, fetched anew five minutes before it ends.
    public func accessToken() async throws -> String { try await token.value() }

    /// Forgets a token.
    public func invalidate(_ token: String) async { self.token.forget { $0 == token } }

    /// The service account, when its key is at hand.
    public var signer: ServiceAccountKey? {
        if case .serviceAccount(let key, _) = source { key } else { nil }
    }

    private static func fetch(_ source: Source) async throws -> RefreshedValue<String>.Fetched {
        let now = UTCTime.now()
        var request: HTTPRequest
        switch source {
        case .serviceAccount(let key, let url):
            let assertion = try key.assertion(scope: scope, audience: url, now: now)
            request = form(
                url,
                [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)]
            )
        case .user(let id, let secret, let refreshToken, let url):
            request = form(
                url,
                [
                    ("grant_type", "refresh_token"), ("client_id", id), ("client_secret", secret),
                    ("refresh_token", refreshToken),
                ]
            )
        case .metadata(let host, _):
            request = HTTPRequest(
                "GET",
                "http://\(host)/computeMetadata/v1/instance/service-accounts/default/token",
                headers: [("metadata-flavor", "Google")]
            )
        }
        let body = try await answer(request, source)
        let json: JSONValue
        do {
            json = try JSONValue.parse(body)
        } catch {
            throw GoogleCredentialsError("\(request.url) answered without an access token: \(error)")
        }
        guard let token = json["access_token"]?.text else {
            throw GoogleCredentialsError("\(request.url) answered without an access token")
        }
        let seconds = json["expires_in"]?.integer ?? 3600
        return .init(token, expiration: now + seconds * 1_000_000)
    }

    private static func form(_ url: String, _ items: [(String, String)]) -> HTTPRequest {
        HTTPRequest(
            "POST",
            url,
            headers: [("content-type", "application/x-www-form-urlencoded")],
            body: Array(PercentEncoding.query(items).utf8)
        )
    }

    private static func answer(_ request: HTTPRequest, _ source: Source) async throws -> [UInt8] {
        let transport = HTTPTransport(
            timeouts: HTTPTimeouts(connect: .seconds(2), idle: .seconds(10), whole: .seconds(20)),
            connections: 4
        )
        let document: HTTPDocument
        do {
            document = try await transport.document(request, .tokens)
        } catch let failure as HTTPFailure {
            throw unreachable(failure, request, source)
        }
        guard document.status == 200 else {
            let text = ForeignText.line(bytes: document.body)
            throw GoogleCredentialsError("\(request.url) gave no token: status \(document.status) \(text)")
        }
        return document.body
    }

    private static func unreachable(
        _ failure: HTTPFailure,
        _ request: HTTPRequest,
        _ source: Source
    ) -> GoogleCredentialsError {
        guard case .metadata(_, let whyNotFile) = source else {
            return GoogleCredentialsError("\(request.url) gave no token: \(failure)")
        }
        return GoogleCredentialsError(
            "GOOGLE_APPLICATION_CREDENTIALS is not set, there is no login of gcloud (\(whyNotFile)), and this is no machine of "
                + "Google Cloud (\(failure)); set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run "
                + "`gcloud auth application-default login`"
        )
    }
}
