internal import CloudHTTP
public import ObjectStorage

extension S3ObjectStore: MetadataObjectStore {
    /// Stores an object with `x-amz-meta-` headers of its own, which take precedence over the configuration's.
    @discardableResult
    public func put(
        _ key: String,
        _ bytes: [UInt8],
        mode: PutMode,
        metadata: [String: String]
    ) async throws -> ObjectMetadata {
        for (name, value) in metadata {
            let isName = name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
            guard isName, !name.isEmpty, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw ObjectStoreError(
                    .failed,
                    "The metadata \(ObjectKey.quoted(name)) of \(ObjectKey.quoted(key)) cannot be kept in \(location): names "
                        + "are of a-z, 0-9, - and _, values of printable ASCII."
                )
            }
        }
        var settings = client.configuration
        settings.metadata.merge(metadata) { $1 }
        return try await put(key, bytes, mode: mode, headers: settings.writeHeaders)
    }

    /// A text that an object has under a name; one request.
    public func metadata(of key: String, named name: String) async throws -> String? {
        try Task.checkCancellation()
        let call = S3Call("HEAD", try bucketKey(key), action: "s3:GetObject")
        do {
            return try await client.answer(call).head.header("x-amz-meta-\(name)")
        } catch let failure as S3Failure {
            throw client.error(failure, call)
        }
    }
}
