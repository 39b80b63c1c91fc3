public import AWSSigning
internal import CloudHTTP
package import CloudSupport

/// Region, endpoints and credentials as AWS's own tools find them: in variables, in files, from the machine.
///
/// Variables and files are read when it is made; services are asked for credentials when they are first needed, and
/// again five minutes before those end, by one request at a time.
public struct AWSAccess: Sendable {
    /// `AWS_REGION`, `AWS_DEFAULT_REGION`, or the region of the profile; `nil` when there is none.
    public let region: String?
    /// The credentials of the first of these that has any: variables, web identity, profile, container, instance.
    public let credentials: any AWSCredentialsProvider
    private let environment: EnvironmentVariables
    private let profile: [String: String]

    /// Looks around.
    ///
    /// - Parameter profile: The profile to use, whatever the variables say; `nil` for that of `AWS_PROFILE`, or
    ///   `default`.
    public init(profile: String? = nil) {
        self.init(profile: profile, environment: .process)
    }

    /// Looks around in other variables than the process's.
    package init(profile name: String?, environment: EnvironmentVariables) {
        let files = ProfileFiles(environment)
        let chosen = name ?? environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default"
        self.environment = environment
        profile = files.settings(chosen) ?? [:]
        region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? profile["region"]
        let chain = CredentialChain(environment: environment, files: files, region: region)
        do {
            credentials = try chain.provider(profile: chosen, isExplicit: name != nil)
        } catch {
            credentials = NoCredentials(error: error)
        }
    }

    /// Where a service is instead of at AWS: `AWS_ENDPOINT_URL_SERVICE`, `AWS_ENDPOINT_URL`, or the profile's.
    ///
    /// - Parameter service: Such as `s3`.
    /// - Returns: A URL; `nil` for AWS's own endpoint.
    public func endpoint(service: String) -> String? {
        if environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "true" { return nil }
        return environment["AWS_ENDPOINT_URL_\(service.uppercased())"] ?? environment["AWS_ENDPOINT_URL"]
            ?? profile["endpoint_url"]
    }
}

/// The two files of AWS's profiles.
struct ProfileFiles: Sendable {
    private let configuration: ProfileFile
    private let credentials: ProfileFile
    /// Their paths, for messages.
    let paths: String

    init(_ environment: EnvironmentVariables) {
        let home = environment["HOME"] ?? ""
        func path(_ variable: String, _ name: String) -> String {
            let path = environment[variable] ?? "\(home)/.aws/\(name)"
            return path.hasPrefix("~/") ? home + path.dropFirst() : path
        }
        let configurationPath = path("AWS_CONFIG_FILE", "config")
        let credentialsPath = path("AWS_SHARED_CREDENTIALS_FILE", "credentials")
        configuration = ProfileFile(Self.text(configurationPath), hasPrefix: true)
        credentials = ProfileFile(Self.text(credentialsPath), hasPrefix: false)
        paths = "\(credentialsPath) and \(configurationPath)"
    }

    /// The settings of a profile, those of the credentials file first; `nil` when neither file has it.
    func settings(_ profile: String) -> [String: String]? {
        guard configuration.profiles[profile] != nil || credentials.profiles[profile] != nil else { return nil }
        return (configuration.profiles[profile] ?? [:]).merging(credentials.profiles[profile] ?? [:]) { $1 }
    }

    /// The text of a file; a file that cannot be read is like none, as for AWS's tools.
    private static func text(_ path: String) -> String { (try? SmallFile.read(path)) ?? "" }
}

/// There are no credentials, which is told when some are needed.
struct NoCredentials: AWSCredentialsProvider {
    let error: any Error

    func credentials() async throws -> AWSCredentials { throw error }
}
