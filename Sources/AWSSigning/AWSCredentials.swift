/// What a request to AWS, or to a service that speaks its language, is signed with.
public struct AWSCredentials: Sendable, Hashable {
    /// Names the key; not secret.
    public var accessKeyID: String
    /// The key.
    public var secretAccessKey: String
    /// Goes with temporary keys.
    public var sessionToken: String?
    /// When temporary keys end, in microseconds since 1970 UTC; `nil` when they do not.
    public var expiration: Int64?

    /// Makes credentials from their parts.
    public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Int64? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}

extension AWSCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name of the key, without its secrets.
    public var description: String { "AWSCredentials(\(accessKeyID))" }

    /// The name of the key, without its secrets.
    public var debugDescription: String { description }

    /// The name of the key, without its secrets.
    public var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// Hands out credentials, and new ones before they expire.
public protocol AWSCredentialsProvider: Sendable {
    /// Credentials that are valid now; may ask a service for them, seldom.
    ///
    /// - Throws: Why there are none, as a sentence for people.
    func credentials() async throws -> AWSCredentials

    /// Forgets credentials that a service called expired, so that the next call brings others.
    func invalidate(_ credentials: AWSCredentials) async
}

extension AWSCredentialsProvider {
    /// Does nothing, as befits credentials that never change.
    public func invalidate(_ credentials: AWSCredentials) async {}
}

/// The same credentials for ever.
public struct StaticAWSCredentials: AWSCredentialsProvider {
    private let value: AWSCredentials

    /// Hands out credentials that are known already.
    public init(_ credentials: AWSCredentials) { value = credentials }

    /// The credentials it was made with.
    public func credentials() async throws -> AWSCredentials { value }
}
