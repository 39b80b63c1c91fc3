internal import CloudSupport
internal import Crypto
internal import ObjectStorage
internal import TextEncoding

/// Deletes objects in batches.
struct S3Deletion {
    let client: S3Client
    private static let batch = 1000

    func delete(_ keys: [String]) async throws -> [DeleteFailure] {
        var failures: [DeleteFailure] = []
        var single: [String] = []
        var batched: [String] = []
        for key in keys {
            do {
                try ObjectKey.validate(key)
                if keys.count == 1 || Self.isUnspeakable(key) { single.append(key) } else { batched.append(key) }
            } catch let error as ObjectStoreError {
                failures.append(DeleteFailure(key: key, error: error))
            }
        }
        for key in single {
            do {
                try await deleteOne(key)
            } catch let error as ObjectStoreError {
                failures.append(DeleteFailure(key: key, error: error))
            }
        }
        for start in stride(from: 0, to: batched.count, by: Self.batch) {
            failures += try await deleteBatch(batched[start..<min(start + Self.batch, batched.count)])
        }
        return failures
    }

    /// Whether XML cannot hold a key: U+FFFE and U+FFFF are no characters there.
    private static func isUnspeakable(_ key: String) -> Bool {
        key.unicodeScalars.contains { $0.value == 0xFFFE || $0.value == 0xFFFF }
    }

    private func deleteOne(_ key: String) async throws {
        let call = S3Call("DELETE", client.configuration.keyPrefix + key, action: "s3:DeleteObject")
        do {
            _ = try await client.answer(call)
        } catch let failure as S3Failure {
            if failure.status == 404, failure.code != "NoSuchBucket" { return }
            throw client.error(failure, call)
        }
    }

    private func deleteBatch(_ keys: ArraySlice<String>) async throws -> [DeleteFailure] {
        let prefix = client.configuration.keyPrefix
        let objects = keys.map { "<Object><Key>\(XMLElement.escape(prefix + $0))</Key></Object>" }.joined()
        let body = Array(
            "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>\(objects)</Delete>".utf8
        )
        let call = S3Call(
            "POST",
            nil,
            action: "s3:DeleteObject",
            query: [("delete", "")],
            // All stores take this one checksum, and none does without any.
            headers: [("content-md5", Self.md5(body)), ("content-type", "application/xml")],
            body: .document(body)
        )
        do {
            let answer = try await client.answer(call)
            let result = try XMLElement.parse(answer.body)
            return result.all("Error").compactMap { failure($0) }
        } catch let failure as S3Failure {
            throw client.error(failure, call)
        } catch let failure as XMLReader.Failure {
            throw ObjectStoreError(
                .failed,
                "Objects in \(client.location) may or may not be deleted: \(failure). Try again.",
                cause: failure
            )
        }
    }

    private func failure(_ error: XMLElement) -> DeleteFailure? {
        let code = error["Code"] ?? ""
        if code == "NoSuchKey" { return nil }
        let key = client.relative(error["Key"])
        let isDenied = code == "AccessDenied"
        let advice = isDenied ? "Allow s3:DeleteObject on it." : "Try again."
        return DeleteFailure(
            key: key,
            error: ObjectStoreError(
                isDenied ? .permissionDenied : code == "SlowDown" || code == "InternalError" ? .unavailable : .failed,
                "S3 did not delete \(ObjectKey.quoted(key)) in \(client.location): \(code) \(error["Message"] ?? ""). \(advice)"
            )
        )
    }

    private static func md5(_ bytes: [UInt8]) -> String {
        var hasher = Insecure.MD5()
        unsafe bytes.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
        return Base64.encode(Array(hasher.finalize()))
    }
}
