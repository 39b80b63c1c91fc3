internal import TextEncoding

/// Who made a commit, when and why; readers of the table need none of it.
///
/// Source: Delta Lake protocol, "Commit Provenance Information".
public struct CommitInfo: Sendable, Hashable {
    /// When, in milliseconds since 1970 UTC.
    public var timestamp: Int64?
    /// What was done: `WRITE`, `OPTIMIZE`.
    public var operation: String?
    /// Details; values that are no texts stand as JSON.
    public var operationParameters: [String: String]
    /// The program and its version.
    public var engineInfo: String?
    /// Tells the commit from every other one: ``DeltaLog/commit(_:version:)`` finds out by it whether it won.
    public var highwaterNonce: String?

    /// Makes an action.
    public init(
        timestamp: Int64? = nil,
        operation: String? = nil,
        operationParameters: [String: String] = [:],
        engineInfo: String? = nil,
        highwaterNonce: String? = nil
    ) {
        self.timestamp = timestamp
        self.operation = operation
        self.operationParameters = operationParameters
        self.engineInfo = engineInfo
        self.highwaterNonce = highwaterNonce
    }
}

extension CommitInfo {
    /// Takes what is of the expected kind, since programs may write here what they like.
    init(_ fields: ActionFields) {
        if case .integer(let value)? = fields["timestamp"] { timestamp = value } else { timestamp = nil }
        operation = fields["operation"]?.text
        operationParameters = [:]
        if case .object(let members)? = fields["operationParameters"] {
            operationParameters = members.mapValues { $0.text ?? String(decoding: $0.serialized, as: UTF8.self) }
        }
        engineInfo = fields["engineInfo"]?.text
        highwaterNonce = fields["highwaterNonce"]?.text
    }

    var json: JSONValue {
        .compact([
            "timestamp": timestamp.map(JSONValue.integer),
            "operation": operation.map(JSONValue.string),
            "operationParameters": operationParameters.isEmpty ? nil : .strings(operationParameters),
            "engineInfo": engineInfo.map(JSONValue.string),
            "highwaterNonce": highwaterNonce.map(JSONValue.string),
        ])
    }
}
