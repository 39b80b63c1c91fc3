/// Where a record stands among the records of its key: numbers that are compared one after the other.
///
/// It is the `sequence` of an archived event, such as `49660…/0` (sequence number and subsequence), or any other text
/// of decimal numbers with slashes between, of any length: offsets, versions, times in microseconds.
public struct LogPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The text it was made of, without leading zeros.
    public let description: String

    /// Reads a position.
    ///
    /// - Returns: `nil` when the text is not one or more decimal numbers with slashes between.
    /// - Complexity: O(n).
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        var numbers: [Substring] = []
        for part in parts {
            guard !part.isEmpty, part.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
            let digits = Substring(part).drop { $0 == "0" }
            numbers.append(digits.isEmpty ? "0" : digits)
        }
        description = numbers.joined(separator: "/")
    }

    /// A position that is one number.
    public init(_ number: UInt64) { description = String(number) }

    /// Lower numbers first; of two that agree as far as the shorter one goes, the shorter one.
    public static func < (left: LogPosition, right: LogPosition) -> Bool {
        let separator = UInt8(ascii: "/")
        var leftParts = left.description.utf8.split(separator: separator).makeIterator()
        var rightParts = right.description.utf8.split(separator: separator).makeIterator()
        while true {
            guard let rightPart = rightParts.next() else { return false }
            guard let leftPart = leftParts.next() else { return true }
            if leftPart.count != rightPart.count { return leftPart.count < rightPart.count }
            if leftPart.elementsEqual(rightPart) { continue }
            return leftPart.lexicographicallyPrecedes(rightPart)
        }
    }
}
