/// No answer came to a request, or not all of it.
package struct HTTPFailure: Error, Sendable, CustomStringConvertible {
    /// What is known of the request's effect.
    package enum Kind: Sendable, Hashable {
        /// It did not leave this machine, so it had none.
        case notSent
        /// It may have had one; nothing came in time.
        case timedOut
        /// It may have had one; the connection broke.
        case broken
    }

    /// What is known of the request's effect.
    package let kind: Kind
    /// What happened, for people.
    package let description: String

    /// Makes a failure.
    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
