internal import TextEncoding

/// How far an application has got with writing into a table.
///
/// Source: Delta Lake protocol, "Transaction Identifiers".
public struct DeltaTransaction: Sendable, Hashable {
    /// The application.
    public var appID: String
    /// How far it has got, in its own counting.
    public var version: Int64
    /// When, in milliseconds since 1970 UTC.
    public var lastUpdated: Int64?

    /// Makes an action.
    public init(appID: String, version: Int64, lastUpdated: Int64? = nil) {
        self.appID = appID
        self.version = version
        self.lastUpdated = lastUpdated
    }
}

extension DeltaTransaction {
    init(_ fields: ActionFields) throws(ActionFault) {
        appID = try fields.string("appId")
        version = try fields.integer("version")
        lastUpdated = try fields.optionalInteger("lastUpdated")
    }

    var json: JSONValue {
        .compact([
            "appId": .string(appID),
            "version": .integer(version),
            "lastUpdated": lastUpdated.map(JSONValue.integer),
        ])
    }
}
