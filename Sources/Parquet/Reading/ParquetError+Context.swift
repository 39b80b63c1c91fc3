extension ParquetError {
    /// The error with the column it concerns in front of its message, and with an offset if it had none.
    func adding(column: Column, offset: Int) -> ParquetError {
        var error = self
        error.message = "column \(column.name): \(message)"
        error.offset = self.offset ?? offset
        return error
    }
}
