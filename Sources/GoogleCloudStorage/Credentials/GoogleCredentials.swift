/// What requests to Google are allowed by.
public protocol GoogleCredentialsProvider: Sendable {
    /// An OAuth 2 access token that is valid now; may ask a service for it, seldom.
    ///
    /// - Throws: Why there is none, as a sentence for people.
    func accessToken() async throws -> String

    /// Forgets a token that a service no longer accepts.
    func invalidate(_ token: String) async

    /// The account that can sign URLs; `nil` when these credentials have no key.
    var signer: ServiceAccountKey? { get }
}

extension GoogleCredentialsProvider {
    /// None, as most credentials have no key.
    public var signer: ServiceAccountKey? { nil }
}

/// Why there are no credentials.
public struct GoogleCredentialsError: Error, Sendable, CustomStringConvertible {
    /// What was looked for where, and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}
