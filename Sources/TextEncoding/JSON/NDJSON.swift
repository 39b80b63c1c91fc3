/// JSON as NDJSON has it: on one line.
package enum NDJSON {
    /// Adds JSON byte for byte, but for line breaks: those become spaces.
    ///
    /// They can only stand between tokens, where a space means the same.
    package static func append(_ json: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        let start = bytes.count
        unsafe bytes.append(contentsOf: json)
        // Every byte is stored, changed or not: without a branch the compiler takes many at a time. Bytes that are
        // mapped while they are appended take twenty times as long.
        unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            for index in start..<bytes.count {
                let byte = unsafe bytes[index]
                let isBreak = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
                unsafe bytes[index] = isBreak ? UInt8(ascii: " ") : byte
            }
        }
    }
}
