internal import AWSAccess
internal import AWSSigning
package import CloudSupport
public import ObjectStorage

extension ObjectStoreRegistry {
    /// Adds `s3://bucket/prefix?…`; region, endpoint and credentials that the URL leaves open come from AWS's
    /// variables, files and metadata services.
    ///
    /// See `docs/object-stores.md` for the options of the URL.
    ///
    /// - Parameter retries: Hears of attempts of these stores that failed and are repeated; by default nobody does.
    public mutating func registerS3(retries: ObjectStoreRetry.Observer? = nil) {
        registerS3(environment: .process, retries: retries)
    }

    /// Adds `s3:` with other variables than the process's.
    package mutating func registerS3(environment: EnvironmentVariables, retries: ObjectStoreRetry.Observer? = nil) {
        register(scheme: "s3") { url in
            let parts = try S3URL(url)
            let access = AWSAccess(profile: parts.options["profile"], environment: environment)
            let configuration = try S3Configuration(url: url, access: access)
            return try S3ObjectStore(
                configuration,
                credentials: parts.isAnonymous ? nil : access.credentials,
                retries: retries
            )
        }
    }
}
