internal import CloudSupport
public import ObjectStorage

extension S3ObjectStore {
    /// Copies an object inside S3, whose bytes do not come here; up to 5 GiB in two requests.
    ///
    /// A copy under a condition, or of a larger object, is made as an upload whose parts are copied: S3 keeps
    /// conditions of uploads in all its implementations, those of copies in few. Below 8 MiB it is read and put.
    @discardableResult
    public func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        try Task.checkCancellation()
        let sourceKey = try bucketKey(source)
        let destinationKey = try bucketKey(destination)
        let original = try await head(source)
        if mode == .overwrite, original.size <= Self.largestCopy {
            return try await copyWhole(sourceKey, original, destination, destinationKey)
        }
        if original.size <= Self.smallCopy {
            let result = try await get(source, range: nil)
            return try await put(destination, result.bytes, mode: mode)
        }
        let upload = S3Upload(store: self, key: destination, bucketKey: destinationKey, mode: mode)
        do {
            try await upload.copy(client.endpoint.copySource(sourceKey, client.configuration), original)
            return try await upload.complete()
        } catch {
            await upload.abort()
            throw error
        }
    }

    private static let largestCopy: UInt64 = 5 << 30
    private static let smallCopy: UInt64 = 8 << 20

    private func copyWhole(
        _ source: String,
        _ original: ObjectMetadata,
        _ destination: String,
        _ destinationKey: String
    ) async throws -> ObjectMetadata {
        let call = S3Call(
            "PUT",
            destinationKey,
            action: "s3:PutObject",
            headers: client.configuration.copyHeaders + [
                ("x-amz-copy-source", client.endpoint.copySource(source, client.configuration)),
                ("x-amz-copy-source-if-match", original.entityTag),
            ],
            mayHideError: true
        )
        do {
            let answer = try await client.answer(call)
            let result = try XMLElement.parse(answer.body)
            var metadata = try stored(destination, size: original.size, result["ETag"], answer.head)
            if let time = result["LastModified"].flatMap({ UTCTime.parseISO($0) }) { metadata.lastModified = time }
            return metadata
        } catch let failure as S3Failure {
            if failure.status == 412 { throw replaced(original.key, failure) }
            if failure.status == 404, failure.code != "NoSuchBucket" {
                throw ObjectStoreError.missing(original.key, in: location)
            }
            throw client.error(failure, call)
        } catch let failure as XMLReader.Failure {
            throw ObjectStoreError(
                .unavailable,
                "\(ObjectKey.quoted(destination)) may or may not be copied: \(failure).",
                cause: failure
            )
        }
    }

    /// The source of a copy is not what it was.
    func replaced(_ source: String, _ failure: S3Failure) -> ObjectStoreError {
        ObjectStoreError(
            .unavailable,
            "\(ObjectKey.quoted(source)) in \(location) was replaced while it was copied; try again.",
            cause: failure
        )
    }
}

extension S3Endpoint {
    /// The source of a copy, as `x-amz-copy-source` has it.
    func copySource(_ key: String, _ configuration: S3Configuration) -> String {
        "/\(configuration.bucket)/" + PercentEncoding.encode(key, keepsSlash: true)
    }
}

extension S3Configuration {
    /// The headers that settings add to a copy: metadata come from the original.
    var copyHeaders: [(name: String, value: String)] {
        var settings = self
        settings.metadata = [:]
        let headers = settings.writeHeaders
        return tags.isEmpty ? headers : headers + [("x-amz-tagging-directive", "REPLACE")]
    }
}
