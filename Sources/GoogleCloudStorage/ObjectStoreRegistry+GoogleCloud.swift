package import CloudSupport
public import ObjectStorage

extension ObjectStoreRegistry {
    /// Adds `gs://bucket/prefix?…`, with application default credentials.
    ///
    /// Options are `endpoint`, `anonymous` (`true`), `storage-class`, `kms-key` and `user-project`.
    /// `STORAGE_EMULATOR_HOST` names an emulator, which is used without credentials.
    ///
    /// - Parameter retries: Hears of attempts of these stores that failed and are repeated; by default nobody does.
    public mutating func registerGoogleCloud(retries: ObjectStoreRetry.Observer? = nil) {
        registerGoogleCloud(environment: .process, retries: retries)
    }

    /// Adds `gs:` with other variables than the process's.
    package mutating func registerGoogleCloud(
        environment: EnvironmentVariables,
        retries: ObjectStoreRetry.Observer? = nil
    ) {
        register(scheme: "gs") { url in
            let (configuration, isAnonymous) = try GoogleCloudConfiguration.read(url, environment)
            if isAnonymous { return try GoogleCloudObjectStore(configuration, credentials: nil, retries: retries) }
            do {
                let credentials = try ApplicationDefaultCredentials(environment: environment)
                return try GoogleCloudObjectStore(configuration, credentials: credentials, retries: retries)
            } catch let error as GoogleCredentialsError {
                throw ObjectStoreError(
                    .permissionDenied,
                    "There are no credentials to open \(ObjectKey.quoted(url)) with: \(error)"
                )
            }
        }
    }
}

extension GoogleCloudConfiguration {
    /// Reads a URL, and the variable of the emulator.
    static func read(_ url: String, _ environment: EnvironmentVariables) throws -> (Self, isAnonymous: Bool) {
        func invalid(_ problem: String) -> ObjectStoreError {
            ObjectStoreError(
                .invalidURL,
                "The URL \(ObjectKey.quoted(url)) \(problem); write for instance `gs://my-bucket/journal`."
            )
        }
        guard url.lowercased().hasPrefix("gs://") else { throw invalid("does not begin with gs://") }
        let rest = url.dropFirst(5)
        let place = rest.prefix { $0 != "?" }
        if place.contains("#") { throw invalid("has a fragment; write %23 for # in a name") }
        let bucket = place.prefix { $0 != "/" }
        if bucket.isEmpty { throw invalid("names no bucket") }
        var path = place.dropFirst(bucket.count)
        if path.first == "/" { path.removeFirst() }
        if path.last == "/" { path.removeLast() }
        guard let prefix = PercentEncoding.decode(path) else { throw invalid("has a % that escapes nothing") }
        var configuration = Self(bucket: String(bucket), prefix: prefix)
        var isAnonymous = false
        if let host = environment["STORAGE_EMULATOR_HOST"] {
            configuration.endpoint = host.contains("://") ? host : "http://\(host)"
            isAnonymous = true
        }
        for item in rest.dropFirst(place.count).dropFirst().split(separator: "&") {
            let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let value = PercentEncoding.decode(sides[1]) else {
                throw invalid("has the option `\(item)`, which is not NAME=VALUE")
            }
            switch sides[0] {
            case "endpoint": configuration.endpoint = value
            case "anonymous" where value == "true": isAnonymous = true
            case "storage-class": configuration.storageClass = value
            case "kms-key": configuration.kmsKeyName = value
            case "user-project": configuration.userProject = value
            default:
                throw invalid(
                    "has the unknown option `\(item)`; there are endpoint, anonymous=true, storage-class, kms-key and user-project"
                )
            }
        }
        return (configuration, isAnonymous)
    }
}
