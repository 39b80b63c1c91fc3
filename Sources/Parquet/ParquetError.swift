/// Why a Parquet file could not be read or written, and where.
public struct ParquetError: Error, Sendable {
    /// What a program can act on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, Sendable { case malformed, unsupported, limitExceeded, invalidArgument }
        private var value: Value

        /// The bytes contradict the format: the file is damaged, cut short, or no Parquet file.
        public static let malformed = Self(value: .malformed)
        /// The file is fine but uses a feature this module does not have; the message names it.
        public static let unsupported = Self(value: .unsupported)
        /// Reading on would need more memory than ``ReadLimits`` allows.
        public static let limitExceeded = Self(value: .limitExceeded)
        /// The caller asked for something the schema or the API does not allow.
        public static let invalidArgument = Self(value: .invalidArgument)

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// What to act on.
    public var code: Code
    /// What is wrong, for people; not API.
    public var message: String
    /// Offset from the start of the file, in bytes, near which it is wrong; `nil` where there is no such place.
    public var offset: Int?
    /// The error beneath, if there was one.
    public var cause: (any Error)?
    /// `#fileID:#line` of the check that failed.
    public var location: String

    /// Makes an error.
    public init(
        _ code: Code,
        _ message: String,
        offset: Int? = nil,
        cause: (any Error)? = nil,
        file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.offset = offset
        self.cause = cause
        self.location = "\(file):\(line)"
    }
}

extension ParquetError: Equatable {
    /// Equal by code alone, so that a test can build the error it expects.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension ParquetError: CustomStringConvertible {
    /// The message with the offset.
    public var description: String {
        if let offset { "\(message) (at byte \(offset))" } else { message }
    }
}
