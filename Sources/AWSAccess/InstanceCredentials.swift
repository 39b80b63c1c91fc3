internal import AWSSigning
internal import CloudHTTP
internal import CloudSupport

/// The credentials of an EC2 instance's role, by version 2 of its metadata service.
///
/// Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata".
struct InstanceCredentials: Sendable {
    private let root: String
    private let otherPlaces: String

    /// Takes the address from the variables, or the usual one.
    ///
    /// - Parameters:
    ///   - environment: The variables.
    ///   - otherPlaces: The files that had no credentials, for messages.
    init(_ environment: EnvironmentVariables, otherPlaces: String) {
        let usual =
            environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
            ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
        var root = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? usual
        while root.hasSuffix("/") { root.removeLast() }
        self.root = root
        self.otherPlaces = otherPlaces
    }

    /// Asks for a token, the role's name and its credentials: three requests.
    func fetch() async throws -> AWSCredentials {
        let service = MetadataService(attempts: 2)
        do {
            let tokenRequest = HTTPRequest(
                "PUT",
                "\(root)/latest/api/token",
                headers: [("x-aws-ec2-metadata-token-ttl-seconds", "21600")]
            )
            let token = String(decoding: try await service.ask(tokenRequest), as: UTF8.self)
            let headers = [(name: "x-aws-ec2-metadata-token", value: token)]
            let path = "\(root)/latest/meta-data/iam/security-credentials/"
            let names = try await service.ask(HTTPRequest("GET", path, headers: headers))
            guard let role = String(decoding: names, as: UTF8.self).split(whereSeparator: \.isNewline).first else {
                throw AWSAccessError("the instance has no role")
            }
            let url = path + PercentEncoding.encode(role)
            return try MetadataService.credentials(
                try await service.ask(HTTPRequest("GET", url, headers: headers)),
                from: url
            )
        } catch let failure as HTTPFailure {
            throw AWSAccessError(
                "AWS_ACCESS_KEY_ID is not set, \(otherPlaces) have no keys, and this is no EC2 instance with a role "
                    + "(\(failure)); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile in AWS_PROFILE"
            )
        } catch let error as AWSAccessError {
            throw AWSAccessError(
                "AWS_ACCESS_KEY_ID is not set, \(otherPlaces) have no keys, and this machine's metadata service gives none "
                    + "(\(error)); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile in AWS_PROFILE, or attach "
                    + "a role to the instance"
            )
        }
    }
}
