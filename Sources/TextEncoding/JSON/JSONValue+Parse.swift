extension JSONValue {
    /// Reads a document, RFC 8259.
    ///
    /// Refused are: nesting deeper than 64, numbers longer than 64 characters, halves of surrogate pairs, a member name
    /// that stands twice, and text that is no UTF-8. Everything else that RFC 8259 allows is read.
    ///
    /// - Complexity: O(n) in its bytes.
    package static func parse(_ bytes: ArraySlice<UInt8>) throws(Failure) -> JSONValue {
        let result: Result<JSONValue, Failure> = unsafe bytes.withUnsafeBytes { bytes in
            var parser = unsafe JSONParser(bytes)
            return Result { () throws(Failure) in try parser.document() }
        }
        return try result.get()
    }

    /// Reads a document, as ``parse(_:)-(ArraySlice<UInt8>)`` does.
    package static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue { try parse(bytes[...]) }

    /// Reads a document, as ``parse(_:)-(ArraySlice<UInt8>)`` does.
    package static func parse(_ text: String) throws(Failure) -> JSONValue { try parse(Array(text.utf8)[...]) }

    /// Reads a document of which some bytes may be no UTF-8: they become U+FFFD.
    ///
    /// For what is only shown, such as the answer to a request that was refused: who cut its text short may have cut a
    /// character in two.
    package static func parse(repairing bytes: [UInt8]) throws(Failure) -> JSONValue {
        try parse(String(decoding: bytes, as: UTF8.self))
    }
}
