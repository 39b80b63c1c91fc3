/// JSON on one line, made of parts that are JSON already.
package enum JSONLine {
    /// A name, and the value as JSON; `nil` when the object has no such member.
    package typealias Member = (name: String, json: String?)

    /// An object of the members that are there, in their order.
    package static func object(_ members: [Member]) -> String {
        let parts = members.compactMap { member in member.json.map { JSONString.quoted(member.name) + ":" + $0 } }
        return "{" + parts.joined(separator: ",") + "}"
    }

    /// An object of texts by name, so that equal ones have equal lines.
    package static func object(_ texts: [String: String]) -> String {
        object(texts.sorted { $0.key < $1.key }.map { ($0.key, JSONString.quoted($0.value)) })
    }

    /// An array.
    package static func array(_ elements: [String]) -> String { "[" + elements.joined(separator: ",") + "]" }
}
