internal import CloudHTTP
internal import CloudSupport
internal import ObjectStorage

/// What went wrong, in words that say what to do.
extension S3Client {
    /// The error for a refusal.
    func error(_ failure: S3Failure, _ call: S3Call) -> ObjectStoreError {
        let bucket = configuration.bucket
        let doing = describe(call)
        switch (failure.status, failure.code) {
        case (_, "NoSuchBucket"):
            return ObjectStoreError(
                .failed,
                "There is no bucket \(ObjectKey.quoted(bucket)) at \(endpoint.host), needed to \(doing). Create it, or "
                    + "correct the name in \(location)."
            )
        case (404, _): return .missing(relative(call.key), in: location)
        case (_, "RequestTimeTooSkewed"), (_, "RequestExpired"):
            return skewed(failure, doing)
        case (301, _), (307, _), (302, _), (308, _), (_, "AuthorizationHeaderMalformed"),
            (_, "IllegalLocationConstraintException"),
            (400, "") where failure.region != nil && failure.region != configuration.region:
            return elsewhere(failure, doing)
        case (_, "ExpiredToken"), (_, "ExpiredTokenException"), (_, "TokenRefreshRequired"):
            return ObjectStoreError(
                .permissionDenied,
                "The temporary credentials with which to \(doing) have expired: \(failure.summary). Get new ones, and set "
                    + "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN if that is where they came from."
            )
        case (_, "InvalidAccessKeyId"), (_, "SignatureDoesNotMatch"), (_, "InvalidToken"):
            return ObjectStoreError(
                .permissionDenied,
                "S3 does not accept the credentials with which to \(doing): \(failure.summary). Check the access key, the "
                    + "secret key and the session token, and that the endpoint \(endpoint.host) is the one they are for."
            )
        case (403, _), (401, _): return denied(failure, call, doing)
        case (_, "QuotaExceeded"), (507, _), (_, "XMinioStorageFull"):
            return ObjectStoreError(.storageFull, "There is no room to \(doing): \(failure.summary).")
        default:
            return ObjectStoreError(.failed, "S3 refused to \(doing): \(failure.summary).")
        }
    }

    /// No answer came, however often it was tried.
    func unanswered(_ call: S3Call, _ failure: HTTPFailure, _ attempts: Attempts) -> ObjectStoreError {
        ObjectStoreError(
            failure.kind == .timedOut ? .timedOut : .unavailable,
            "Could not \(describe(call)) at \(endpoint.scheme)://\(endpoint.host) in \(attempts.made) attempts: "
                + "\(failure.description). Check the network and the endpoint, then try again."
        )
    }

    /// The service asked to come back later, however often it was tried.
    func overloaded(_ call: S3Call, _ failure: S3Failure, _ attempts: Attempts) -> ObjectStoreError {
        ObjectStoreError(
            .unavailable,
            "S3 could not \(describe(call)) in \(attempts.made) attempts: \(failure.summary). Try again later, or with fewer "
                + "requests at a time."
        )
    }

    /// What tells whoever wants to know of an attempt that failed, before the wait for the next one.
    func telling(
        _ call: S3Call,
        _ reason: String,
        after elapsed: Duration
    ) -> (_ made: Int, _ wait: Duration) -> Void {
        retries.telling(of: describe(call), reason, after: elapsed)
    }

    private func skewed(_ failure: S3Failure, _ doing: String) -> ObjectStoreError {
        let here = UTCTime.now()
        let there = failure.serverTime.map { "the server's says \(UTCTime.extended($0))" } ?? "the server's differs"
        return ObjectStoreError(
            .permissionDenied,
            "The clock of this machine is wrong, so S3 refuses to \(doing): it says \(UTCTime.extended(here)), \(there). Set "
                + "the clock, for instance with NTP."
        )
    }

    private func elsewhere(_ failure: S3Failure, _ doing: String) -> ObjectStoreError {
        let bucket = configuration.bucket
        if let region = failure.region, region != configuration.region {
            return ObjectStoreError(
                .failed,
                "The bucket \(ObjectKey.quoted(bucket)) is in the region \(region), not in \(configuration.region), so S3 "
                    + "refuses to \(doing). Set AWS_REGION=\(region), or write `s3://\(bucket)/…?region=\(region)`."
            )
        }
        let target = failure.endpoint.map { " to \($0)" } ?? ""
        return ObjectStoreError(
            .failed,
            "\(endpoint.host) redirects\(target) instead of letting us \(doing), and credentials are not sent elsewhere "
                + "unasked. Correct the endpoint or the region in \(location) (\(failure.summary))."
        )
    }

    private func denied(_ failure: S3Failure, _ call: S3Call, _ doing: String) -> ObjectStoreError {
        // Other codes, as for an account that is closed, are no matter of permissions.
        guard ["", "AccessDenied", "AllAccessDisabled", "Forbidden", "Unauthorized"].contains(failure.code) else {
            return ObjectStoreError(.permissionDenied, "S3 refused to \(doing): \(failure.summary).")
        }
        let resource = "arn:aws:s3:::\(configuration.bucket)" + (call.key.map { "/\($0)" } ?? "")
        let isRead = call.action == "s3:GetObject"
        let hint = isRead ? " A missing object is refused like this too when s3:ListBucket is not allowed." : ""
        let anonymous = credentials == nil ? " The request was not signed." : ""
        return ObjectStoreError(
            .permissionDenied,
            "S3 does not allow us to \(doing): \(failure.summary). Allow \(call.action) on \(resource).\(hint)\(anonymous)"
        )
    }

    /// The end of a sentence that begins with "could not".
    func describe(_ call: S3Call) -> String {
        let name = ObjectKey.quoted(relative(call.key))
        switch (call.action, call.method) {
        case ("s3:ListBucket", _): return "list \(location)"
        case ("s3:DeleteObject", "POST"): return "delete objects in \(location)"
        case ("s3:DeleteObject", _): return "delete \(name) in \(location)"
        case ("s3:AbortMultipartUpload", _): return "abort the upload of \(name) in \(location)"
        case ("s3:GetObject", _): return "read \(name) in \(location)"
        default: return "store \(name) in \(location)"
        }
    }

    /// A key without the store's prefix.
    func relative(_ key: String?) -> String {
        guard let key else { return "" }
        let prefix = configuration.keyPrefix.utf8
        return key.utf8.starts(with: prefix) ? String(decoding: key.utf8.dropFirst(prefix.count), as: UTF8.self) : key
    }
}
