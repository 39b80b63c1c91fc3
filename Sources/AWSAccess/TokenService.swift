internal import AWSSigning
internal import CloudHTTP
internal import CloudSupport

/// AWS's Security Token Service, which trades one identity for the credentials of a role.
///
/// Source: AWS STS API Reference, AssumeRole and AssumeRoleWithWebIdentity.
struct TokenService: Sendable {
    private let url: String
    private let host: String
    private let region: String

    init(environment: EnvironmentVariables, region: String?) {
        self.region = region ?? "us-east-1"
        let domain = self.region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        var url =
            environment["AWS_ENDPOINT_URL_STS"] ?? environment["AWS_ENDPOINT_URL"]
            ?? "https://sts.\(self.region).\(domain)"
        while url.hasSuffix("/") { url.removeLast() }
        self.url = url + "/"
        host = String(url.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" })
    }

    /// Trades a token in a file, which is read anew each time, since it is replaced before it expires.
    func assumeRole(_ role: String, session: String?, tokenFile: String) async throws -> AWSCredentials {
        let token: String
        do {
            token = String(try SmallFile.read(tokenFile).prefix { !$0.isNewline })
        } catch {
            throw AWSAccessError("the web identity token cannot be read: \(error)")
        }
        return try await credentials(
            [("Action", "AssumeRoleWithWebIdentity"), ("WebIdentityToken", token)] + parameters(role, session),
            role,
            signedWith: nil
        )
    }

    /// Trades other credentials.
    func assumeRole(
        _ role: String,
        session: String?,
        externalID: String?,
        with source: AWSCredentials
    ) async throws -> AWSCredentials {
        var items = [("Action", "AssumeRole")] + parameters(role, session)
        if let externalID { items.append(("ExternalId", externalID)) }
        return try await credentials(items, role, signedWith: source)
    }

    private func parameters(_ role: String, _ session: String?) -> [(String, String)] {
        [
            ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", session ?? "highwater-\(UTCTime.now() / 1_000_000)"),
        ]
    }

    private func credentials(
        _ items: [(String, String)],
        _ role: String,
        signedWith source: AWSCredentials?
    ) async throws -> AWSCredentials {
        var request = HTTPRequest(
            "POST",
            url,
            headers: [("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
            body: Array(PercentEncoding.query(items).utf8)
        )
        if let source {
            let signed = SigV4Signer(service: "sts", region: region)
                .sign(
                    SigningRequest(method: "POST", host: host, path: "/", headers: request.headers),
                    payload: .hash(SigV4Signer.hash(request.body)),
                    credentials: source,
                    at: UTCTime.now()
                )
            request.headers += signed.headers
        }
        let body = try await answer(request, role)
        do {
            let root = try XMLElement.parse(body)
            guard let result = root.children.first(where: { $0.name.hasSuffix("Result") })?.all("Credentials").first,
                let key = result["AccessKeyId"], let secret = result["SecretAccessKey"],
                let token = result["SessionToken"]
            else { throw XMLReader.Failure(description: "the answer has no credentials") }
            return AWSCredentials(
                accessKeyID: key,
                secretAccessKey: secret,
                sessionToken: token,
                expiration: result["Expiration"].flatMap { UTCTime.parseISO($0) }
            )
        } catch {
            throw AWSAccessError("the role \(role) cannot be had from \(url): \(error)")
        }
    }

    private func answer(_ request: HTTPRequest, _ role: String) async throws -> [UInt8] {
        let transport = HTTPTransport(
            timeouts: HTTPTimeouts(connect: .seconds(5), idle: .seconds(10), whole: .seconds(20)),
            connections: 4
        )
        let document: HTTPDocument
        do {
            document = try await transport.document(request, .tokens)
        } catch let failure as HTTPFailure {
            throw AWSAccessError("the role \(role) cannot be had from \(url): \(failure)")
        }
        guard document.status == 200 else {
            let reason = reason(document.status, document.body)
            throw AWSAccessError("the role \(role) cannot be had from \(url): \(reason)")
        }
        return document.body
    }

    private func reason(_ status: Int, _ body: [UInt8]) -> String {
        do {
            let error = try XMLElement.parse(body).all("Error").first
            return "status \(status) \(error?["Code"] ?? ""): \(error?["Message"] ?? "")"
        } catch {
            return "status \(status)"
        }
    }
}
