/// Makes of what an engine prints what the user asked for, piece by piece.
protocol RowFormatter {
    /// Adds the next bytes of what the engine printed.
    mutating func append(_ bytes: ArraySlice<UInt8>)
    /// Takes what has become of them so far.
    mutating func take() -> [UInt8]
}

extension RowFormatter {
    /// Prints a file of the scratch directory.
    consuming func write(_ name: String, of scratch: ScratchDirectory, to output: Int32) throws(SQLError) {
        var formatter = self
        try scratch.copy(name, to: output) { bytes in
            formatter.append(bytes)
            return formatter.take()
        }
    }
}
