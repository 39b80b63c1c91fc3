/// What a line may be at most.
package struct LineLimits: Sendable, Hashable {
    /// Bytes of a line, without its line feed.
    package var lineLength: Int
    /// Objects and arrays within each other.
    package var depth: Int
    /// Bytes of an id and of a key.
    package var fieldLength: Int

    /// Makes limits.
    package init(lineLength: Int = 64 << 20, depth: Int = 1024, fieldLength: Int = 1024) {
        self.lineLength = lineLength
        self.depth = depth
        self.fieldLength = fieldLength
    }
}
