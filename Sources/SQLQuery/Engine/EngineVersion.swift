/// A version of DuckDB, as it says itself: `v1.5.6`.
struct EngineVersion: Comparable, CustomStringConvertible {
    let major: Int
    let minor: Int
    let patch: Int

    /// The first in which a locked configuration with allowed paths holds against what the tests try.
    static let minimum = EngineVersion(major: 1, minor: 5, patch: 0)

    init(major: Int, minor: Int, patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Reads `v1.5.6` or `v1.6.0-dev123`; `nil` when the text begins otherwise.
    init?(_ text: some StringProtocol) {
        guard text.first == "v" else { return nil }
        let numbers = text.dropFirst().prefix { $0.isNumber || $0 == "." }.split(separator: ".").map { Int($0) }
        guard numbers.count >= 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        self.init(major: major, minor: minor, patch: numbers.count > 2 ? numbers[2] ?? 0 : 0)
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    var description: String { "\(major).\(minor).\(patch)" }
}
