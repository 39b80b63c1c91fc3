internal import TextEncoding

/// A piece of a table's state that belongs to whoever knows its name; two commits that change the same one conflict.
///
/// Source: Delta Lake protocol, "Domain Metadata".
public struct DomainMetadata: Sendable, Hashable {
    /// The name; those that begin with `delta.` belong to the protocol.
    public var domain: String
    /// The state, a text of any form.
    public var configuration: String
    /// Whether the domain is removed by this.
    public var removed: Bool

    /// Makes an action.
    public init(domain: String, configuration: String, removed: Bool = false) {
        self.domain = domain
        self.configuration = configuration
        self.removed = removed
    }
}

extension DomainMetadata {
    init(_ fields: ActionFields) throws(ActionFault) {
        domain = try fields.string("domain")
        configuration = try fields.string("configuration")
        removed = try fields.boolean("removed")
    }

    var json: JSONValue {
        .object([
            "domain": .string(domain), "configuration": .string(configuration), "removed": .boolean(removed),
        ])
    }
}
