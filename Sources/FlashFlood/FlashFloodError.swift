/// What went wrong between a journal and a flash-flood, and what to do about it.
public struct FlashFloodError: Error, Sendable {
    /// What a program can act on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, Sendable { case notFlashFlood, occupied, unsupportedStore }
        private var value: Value

        /// There are no journals of flash-flood under the prefix.
        public static let notFlashFlood = Self(value: .notFlashFlood)
        /// The prefix to write to holds journals that this program did not write.
        public static let occupied = Self(value: .occupied)
        /// The store cannot hold what flash-flood needs.
        public static let unsupportedStore = Self(value: .unsupportedStore)

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// What to act on.
    public var code: Code
    /// What failed, on which object, and what to do; for people, not API.
    public var message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension FlashFloodError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
