internal import AWSSigning
internal import CloudHTTP
internal import CloudSupport

/// The credentials of a task of ECS, or of a pod of EKS with Pod Identity.
///
/// Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
struct ContainerCredentials: Sendable {
    private let url: String
    private let token: String?
    private let tokenFile: String?

    /// Takes the address from the variables; `nil` when they have none.
    ///
    /// - Throws: ``AWSAccessError`` when a token could leak to where it is.
    init?(_ environment: EnvironmentVariables) throws {
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            url = "http://169.254.170.2" + path
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            guard Self.isTrusted(full) else {
                throw AWSAccessError(
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI is \(full); plain HTTP is allowed to this machine and to the "
                        + "addresses of ECS and EKS alone, so use https://"
                )
            }
            url = full
        } else {
            return nil
        }
        token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        tokenFile = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
    }

    private static func isTrusted(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return true }
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" }
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        return ["localhost", "127.0.0.1", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]
            .contains(String(host))
    }

    /// Asks for credentials.
    func fetch() async throws -> AWSCredentials {
        var request = HTTPRequest("GET", url, headers: [("accept", "application/json")])
        if let token = try tokenFile.map(Self.read) ?? token { request.headers.append(("authorization", token)) }
        do {
            return try MetadataService.credentials(try await MetadataService().ask(request), from: url)
        } catch let failure as HTTPFailure {
            throw AWSAccessError("the container's credentials cannot be had from \(url): \(failure)")
        }
    }

    private static func read(_ path: String) throws -> String {
        do {
            return String(try SmallFile.read(path).prefix { !$0.isNewline })
        } catch {
            throw AWSAccessError("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: \(error)")
        }
    }
}
