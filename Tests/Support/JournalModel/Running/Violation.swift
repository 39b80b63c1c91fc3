import EventJournal

/// The journal did what the model does not allow.
struct Violation: Error, CustomStringConvertible {
    /// What is wrong, and at which operation.
    var description: String
    /// What had been done to the store.
    var history = ""

    init(_ description: String, at operation: Operation? = nil) {
        self.description = operation.map { "\(description)\n    at \($0)" } ?? description
    }
}

/// Throws a violation unless the condition holds.
func require(_ condition: Bool, _ description: @autoclosure () -> String, at operation: Operation? = nil) throws {
    if !condition { throw Violation(description(), at: operation) }
}

extension Event {
    /// Whether all fields have the same bytes, which equal texts need not have.
    func isIdentical(_ other: Event) -> Bool { self == other && ID(id) == ID(other.id) }
}

extension Event? {
    func isIdentical(_ other: Event?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let left?, let right?): left.isIdentical(right)
        default: false
        }
    }
}

extension [Event] {
    func isIdentical(_ other: [Event]) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.isIdentical($1) }
    }

    /// In few characters.
    var short: String { "[\(map(\.short).joined(separator: ", "))]" }
}
