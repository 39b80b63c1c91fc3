#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The variables of the process's environment, or others in their place for tests.
package struct EnvironmentVariables: Sendable {
    private let lookUp: @Sendable (String) -> String?

    /// Those of the process, each looked up when it is asked for.
    package static let process = Self { name in
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    private init(_ lookUp: @escaping @Sendable (String) -> String?) { self.lookUp = lookUp }

    /// The variables of a dictionary.
    package init(_ variables: [String: String]) {
        self.init { variables[$0] }
    }

    /// The value of a variable; `nil` when it is not set, or empty.
    package subscript(name: String) -> String? {
        guard let value = lookUp(name), !value.isEmpty else { return nil }
        return value
    }
}
