internal import CloudSupport
internal import ObjectStorage

/// The answer to ListObjectsV2.
enum ListDocument {
    /// Reads a page whose keys are URL-encoded.
    ///
    /// - Parameters:
    ///   - bytes: The document.
    ///   - prefix: What to take off the keys.
    /// - Returns: The page.
    /// - Throws: `XMLReader.Failure`.
    static func parse(_ bytes: [UInt8], prefix: String) throws -> ListPage {
        var reader = XMLReader(bytes)
        var page = ListPage()
        var path: [String] = []
        var text = ""
        var object = ObjectMetadata(key: "", size: 0, entityTag: "", lastModified: 0)
        var commonPrefix = ""
        var isEncoded = false
        var isTruncated = false
        var continuation: String?
        // The encoding is named before or behind the keys, so they are decoded at the end.
        while let token = try reader.next() {
            switch token {
            case .start(let name):
                path.append(name)
                text = ""
                if path.count == 2 {
                    object = ObjectMetadata(key: "", size: 0, entityTag: "", lastModified: 0)
                    commonPrefix = ""
                }
            case .text(let more): text += more
            case .end(let name):
                switch (path.count, path.dropFirst().first, name) {
                case (3, "Contents", "Key"): object.key = text
                case (3, "Contents", "Size"): object.size = UInt64(text) ?? 0
                case (3, "Contents", "ETag"): object.entityTag = text
                case (3, "Contents", "LastModified"): object.lastModified = UTCTime.parseISO(text) ?? 0
                case (3, "CommonPrefixes", "Prefix"): commonPrefix = text
                case (2, _, "Contents"): page.objects.append(object)
                case (2, _, "CommonPrefixes"): page.commonPrefixes.append(commonPrefix)
                case (2, _, "EncodingType"): isEncoded = text == "url"
                case (2, _, "IsTruncated"): isTruncated = text == "true"
                case (2, _, "NextContinuationToken"): continuation = text
                case (1, _, "ListBucketResult"), (2, _, _), (3, _, _), (4..., _, _): break
                default: throw XMLReader.Failure(description: "the answer is <\(name)>, not a listing")
                }
                path.removeLast()
                text = ""
            }
        }
        guard !isTruncated || continuation != nil else {
            throw XMLReader.Failure(description: "the answer is a part of a listing, but does not say how to go on")
        }
        page.continuation = isTruncated ? continuation : nil
        return try relative(page, isEncoded: isEncoded, prefix: prefix)
    }

    private static func relative(_ page: ListPage, isEncoded: Bool, prefix: String) throws -> ListPage {
        func decoded(_ text: String) throws -> String {
            guard isEncoded else { return text }
            guard let plain = PercentEncoding.decode(text, plusIsSpace: true) else {
                throw XMLReader.Failure(description: "the key \(text) is not encoded as it should be")
            }
            return plain
        }
        func withoutPrefix(_ key: String) -> String {
            String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
        }
        var result = ListPage(continuation: page.continuation)
        result.objects.reserveCapacity(page.objects.count)
        for var object in page.objects {
            object.key = withoutPrefix(try decoded(object.key))
            if ObjectKey.firstViolation(in: object.key) == nil { result.objects.append(object) }
        }
        result.commonPrefixes = try page.commonPrefixes.map { withoutPrefix(try decoded($0)) }
        return result
    }
}
