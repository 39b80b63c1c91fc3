internal import CloudSupport
public import ObjectStorage
internal import TextEncoding

extension GoogleCloudObjectStore {
    /// Stores an object; one request, and one more when the answer to a conditional put was lost.
    @discardableResult
    public func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try Task.checkCancellation()
        try validate(key)
        let condition = try WriteCondition(mode, key: key, in: location)
        let name = client.configuration.keyPrefix + key
        let resource = condition.resource(client.configuration, name: name, checksum: CRC32C(of: bytes))
        let boundary = "highwater-\(condition.nonce)"
        let head =
            "--\(boundary)\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n\(resource)\r\n--\(boundary)\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n"
        var body: [UInt8] = []
        body.reserveCapacity(head.utf8.count + bytes.count + 64)
        body += Array(head.utf8)
        body += bytes
        body += Array("\r\n--\(boundary)--\r\n".utf8)
        let call = GoogleCall(
            "POST",
            uploadTarget("multipart", condition),
            key: key,
            permission: "storage.objects.create",
            headers: [("content-type", "multipart/related; boundary=\(boundary)")],
            body: body
        )
        do {
            return Self.metadata(try await client.answer(call).json(), key)
        } catch let failure as GoogleFailure {
            guard failure.status == 412, mode != .overwrite else { throw client.error(failure, call) }
            return try await resolve(key, condition, mode, isUncertain: failure.followsUncertainty)
        }
    }

    /// The target of an upload.
    func uploadTarget(_ type: String, _ condition: WriteCondition) -> String {
        var query = [("uploadType", type)] + condition.query
        if let key = client.configuration.kmsKeyName { query.append(("kmsKeyName", key)) }
        return "/upload/storage/v1/b/\(client.configuration.bucket)/o" + client.query(query)
    }

    /// Copies an object inside Google Cloud Storage, whose bytes do not come here; a request for each GiB or so.
    @discardableResult
    public func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        try Task.checkCancellation()
        try validate(source)
        try validate(destination)
        let condition = try WriteCondition(mode, key: destination, in: location)
        let name = client.configuration.keyPrefix + destination
        let resource = condition.resource(client.configuration, name: name, checksum: nil)
        let path =
            client.object(source).withoutQuery + "/rewriteTo/b/\(client.configuration.bucket)/o/"
            + PercentEncoding.encode(name)
        var token: String?
        var isUncertain = false
        while true {
            let query = condition.query + (token.map { [("rewriteToken", $0)] } ?? [])
            let call = GoogleCall(
                "POST",
                path + client.query(query),
                key: source,
                permission: "storage.objects.create",
                headers: [("content-type", "application/json")],
                body: Array(resource.utf8)
            )
            do {
                let answer = try await client.answer(call)
                isUncertain = isUncertain || answer.followsUncertainty
                let json = try answer.json()
                if let resource = json["resource"] { return Self.metadata(resource, destination) }
                guard let next = json["rewriteToken"]?.text else {
                    throw ObjectStoreError(
                        .failed,
                        "Google does not say how to go on copying \(ObjectKey.quoted(source)) in \(location)."
                    )
                }
                token = next
            } catch let failure as GoogleFailure {
                guard failure.status == 412, mode != .overwrite else { throw client.error(failure, call) }
                return try await resolve(
                    destination,
                    condition,
                    mode,
                    isUncertain: isUncertain || failure.followsUncertainty
                )
            }
        }
    }
}

extension String {
    fileprivate var withoutQuery: String { String(prefix { $0 != "?" }) }
}
