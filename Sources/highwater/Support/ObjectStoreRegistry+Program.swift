internal import GoogleCloudStorage
internal import ObjectStorage
internal import S3Storage

extension ObjectStoreRegistry {
    /// Every kind of store that the program knows.
    static let program: Self = {
        var registry = Self.standard
        registry.registerS3()
        registry.registerGoogleCloud()
        return registry
    }()
}
