/// What one step of decompression took and gave.
struct DecompressionStep {
    /// Bytes taken from the input.
    var consumed: Int
    /// Bytes written to the output.
    var produced: Int
}

/// Why compressed data cannot be read on, in words that follow "is damaged: ".
struct DecompressionFault: Error {
    var reason: String
}
