#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Makes errors of what DuckDB says when it fails.
enum EngineFailure {
    /// - Parameters:
    ///   - outcome: Of the run that failed.
    ///   - roots: Paths that stand for journals, which the user knows by their location.
    /// - Returns: The error.
    static func error(_ outcome: EngineProcess.Outcome, _ roots: [(path: String, location: String)]) -> SQLError {
        var message = outcome.error
        for root in roots { message = message.replacing(root.path, with: root.location) }
        message = String(message.drop { $0.isWhitespace })
        while message.last?.isNewline == true { message.removeLast() }
        if let number = outcome.signal {
            if number == SIGPIPE { return SQLError(.closed, "Nobody reads the rows any more.") }
            return SQLError(
                .failed,
                "DuckDB was ended by signal \(number); 9 may mean that the machine ran out of memory."
            )
        }
        // Where it has been started with that signal ignored, it ends with its negative.
        if message.isEmpty, outcome.status == "exited(\(256 - SIGPIPE))" {
            return SQLError(.closed, "Nobody reads the rows any more.")
        }
        if message.isEmpty { return SQLError(.failed, "DuckDB ended with \(outcome.status) and did not say why.") }
        let code = code(message)
        if code == .limit {
            // DuckDB's advice is about settings, which are locked.
            let what = message.prefix { !$0.isNewline }
            return SQLError(code, what + "\nAllow the query more memory or temporary files, or narrow it.")
        }
        return SQLError(code, message)
    }

    private static func code(_ message: String) -> SQLError.Code {
        if message.hasPrefix("Permission Error") || message.contains("configuration has been locked") {
            return .refused
        }
        if message.hasPrefix("Out of Memory Error") { return .limit }
        if message.hasPrefix("IO Error"), message.contains("No such file") { return .moved }
        if message.hasPrefix("IO Error") || message.hasPrefix("INTERNAL Error") { return .failed }
        return .statement
    }
}

extension String {
    fileprivate func replacing(_ part: String, with other: String) -> String {
        var result = ""
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            result += rest[..<range.lowerBound] + other
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}
