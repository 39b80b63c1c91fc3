internal import CloudSupport
internal import GoogleCloudStorage
internal import ObjectStorage
internal import S3Storage

extension ObjectStoreRegistry {
    /// Every kind of store that the program knows; what keeps one waiting is said on standard error.
    static let program: Self = {
        var registry = Self.standard
        registry.registerS3(retries: StoreNotes.observer)
        registry.registerGoogleCloud(retries: StoreNotes.observer)
        return registry
    }()

    /// Opens a store of the program, unless its URL has credentials in it, which the store would show in its errors.
    ///
    /// - Throws: ``CommandError``, and what the registry throws.
    static func openOfProgram(_ url: String) throws -> any ObjectStore {
        try refuseCredentials(url)
        return try program.open(url)
    }

    /// Refuses the URL of a bucket with a user, a password or a token in it.
    ///
    /// - Throws: ``CommandError``, which does not show them.
    static func refuseCredentials(_ url: String) throws {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        guard ["s3", "gs"].contains(scheme), let mark = url.firstRange(of: "://") else { return }
        let rest = url[mark.upperBound...]
        // A prefix may have an @ in it, and so may tags; the name of a bucket has neither that nor a colon.
        let options = rest.drop { $0 != "?" }.dropFirst().split(separator: "&")
            .filter { !$0.hasPrefix("tag.") && !$0.hasPrefix("meta.") }
            .joined(separator: "&")
        let plain = "\(scheme)://b?\(options)"
        if !rest.prefix(while: { $0 != "/" && $0 != "?" }).contains(where: { "@:".contains($0) }),
            ShownURL.withoutCredentials(plain) == plain
        {
            return
        }
        let shown = rest.contains("@") ? ShownURL.withoutCredentials(url) : url[..<mark.upperBound] + "***"
        throw CommandError(
            status: Failure.usage,
            message:
                "The URL \"\(shown)\" has a user, a password or a token in it, which none of a bucket has. Credentials are those of "
                + "the cloud's own variables and files, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
        )
    }
}
