internal import AWSSigning
internal import CloudHTTP
internal import CloudSupport

/// Chooses where credentials come from.
struct CredentialChain: Sendable {
    let environment: EnvironmentVariables
    let files: ProfileFiles
    let region: String?

    /// The provider that the variables and files ask for.
    ///
    /// - Parameters:
    ///   - profile: The profile to look into.
    ///   - isExplicit: Whether the caller named it, so that variables with keys do not count.
    /// - Returns: The provider; nothing was asked of it yet.
    /// - Throws: ``AWSAccessError`` when what they ask for is incomplete, or is not possible here.
    func provider(profile: String, isExplicit: Bool) throws -> any AWSCredentialsProvider {
        if !isExplicit {
            if let keys = try keysOfEnvironment() { return StaticAWSCredentials(keys) }
            if let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"], let role = environment["AWS_ROLE_ARN"] {
                return webIdentity(file, role, environment["AWS_ROLE_SESSION_NAME"])
            }
        }
        if let provider = try provider(of: profile, visited: []) { return provider }
        let isNamed = isExplicit || environment["AWS_PROFILE"] != nil
        if isNamed, files.settings(profile) == nil {
            throw AWSAccessError("there is no profile \"\(profile)\" in \(files.paths); correct its name, or add it")
        }
        return try providerOfMachine()
    }

    private func keysOfEnvironment() throws -> AWSCredentials? {
        guard let key = environment["AWS_ACCESS_KEY_ID"] else { return nil }
        guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            throw AWSAccessError("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not; set both or none")
        }
        return AWSCredentials(accessKeyID: key, secretAccessKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
    }

    private func provider(of profile: String, visited: [String]) throws -> (any AWSCredentialsProvider)? {
        guard let settings = files.settings(profile) else { return nil }
        if let role = settings["role_arn"], !(visited.contains(profile)) {
            if let file = settings["web_identity_token_file"] {
                return webIdentity(file, role, settings["role_session_name"])
            }
            let source = try sourceOfRole(profile, settings, visited: visited)
            let service = TokenService(environment: environment, region: region ?? settings["region"])
            let name = settings["role_session_name"]
            let externalID = settings["external_id"]
            return RefreshedCredentials {
                try await service.assumeRole(role, session: name, externalID: externalID, with: source.credentials())
            }
        }
        if let key = settings["aws_access_key_id"], let secret = settings["aws_secret_access_key"] {
            return StaticAWSCredentials(
                AWSCredentials(accessKeyID: key, secretAccessKey: secret, sessionToken: settings["aws_session_token"])
            )
        }
        if settings["credential_process"] != nil || settings["sso_session"] != nil || settings["sso_start_url"] != nil {
            throw AWSAccessError(
                "the profile \"\(profile)\" gets its credentials from a program or from single sign-on, which is not "
                    + "supported; run `eval \"$(aws configure export-credentials --profile \(profile) --format env)\"` before"
            )
        }
        return nil
    }

    private func sourceOfRole(
        _ profile: String,
        _ settings: [String: String],
        visited: [String]
    ) throws -> any AWSCredentialsProvider {
        if let source = settings["source_profile"] {
            guard let provider = try provider(of: source, visited: visited + [profile]) else {
                throw AWSAccessError(
                    "the profile \"\(profile)\" takes its role with the profile \"\(source)\", which has no credentials in "
                        + "\(files.paths)"
                )
            }
            return provider
        }
        switch settings["credential_source"] {
        case "Environment":
            if let keys = try keysOfEnvironment() { return StaticAWSCredentials(keys) }
            throw AWSAccessError("the profile \"\(profile)\" takes its role with AWS_ACCESS_KEY_ID, which is not set")
        case "EcsContainer", "Ec2InstanceMetadata": return try providerOfMachine()
        default:
            throw AWSAccessError(
                "the profile \"\(profile)\" has role_arn, but neither source_profile, credential_source nor "
                    + "web_identity_token_file; add one"
            )
        }
    }

    private func webIdentity(_ file: String, _ role: String, _ session: String?) -> any AWSCredentialsProvider {
        let service = TokenService(environment: environment, region: region)
        return RefreshedCredentials { try await service.assumeRole(role, session: session, tokenFile: file) }
    }

    private func providerOfMachine() throws -> any AWSCredentialsProvider {
        if let container = try ContainerCredentials(environment) {
            return RefreshedCredentials { try await container.fetch() }
        }
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" {
            throw AWSAccessError(
                "AWS_ACCESS_KEY_ID is not set, \(files.paths) have no keys, no container hands any out, and "
                    + "AWS_EC2_METADATA_DISABLED forbids to ask the machine; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        }
        let instance = InstanceCredentials(environment, otherPlaces: files.paths)
        return RefreshedCredentials { try await instance.fetch() }
    }
}

/// Credentials that a service hands out for a while.
struct RefreshedCredentials: AWSCredentialsProvider {
    private let value: RefreshedValue<AWSCredentials>

    init(_ fetch: @escaping @Sendable () async throws -> AWSCredentials) {
        value = RefreshedValue {
            let credentials = try await fetch()
            return .init(credentials, expiration: credentials.expiration)
        }
    }

    func credentials() async throws -> AWSCredentials { try await value.value() }

    func invalidate(_ credentials: AWSCredentials) async { value.forget { $0 == credentials } }
}
