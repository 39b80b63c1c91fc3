/// Makes JSON of what DuckDB's program prints as texts where JSON has numbers (sums of integers, decimals), and of what
/// JSON has no number for.
///
/// What comes is what the program prints: objects, one a line or in an array, whose members are the columns in order.
/// A number is written with all its digits, as DuckDB's own `COPY … (FORMAT json)` does. NaN and the infinities, which
/// the program prints as they are, become null, in lists and structs too (RFC 8259, section 6, has none of them).
struct JSONNumbers: RowFormatter {
    private let kinds: ColumnKinds
    private var output: [UInt8] = []
    /// How many braces and brackets are open, without the array around the rows.
    private var depth = 0
    private var column = 0
    private var isQuoted = false
    private var isEscaped = false
    /// Whether the value of a member of the row is what comes next, or has begun.
    private var isInValue = false
    /// Whether the quotation marks of this text are left out.
    private var isBare = false
    /// Whether the letters of such a number are passed over.
    private var isInWord = false
    /// A sign whose number has not come yet.
    private var isSigned = false

    init(_ kinds: ColumnKinds) { self.kinds = kinds }

    mutating func take() -> [UInt8] {
        defer { output.removeAll(keepingCapacity: true) }
        return output
    }

    mutating func append(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes { append(byte) }
    }

    private mutating func append(_ byte: UInt8) {
        if isQuoted {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted = false
                if isBare {
                    isBare = false
                    return
                }
            }
            return output.append(byte)
        }
        if isInWord {
            if isLetter(byte) { return }
            isInWord = false
        }
        // The other words of JSON begin with small letters.
        if byte == UInt8(ascii: "N") || byte == UInt8(ascii: "I") {
            (isInWord, isSigned) = (true, false)
            return output.append(contentsOf: "null".utf8)
        }
        if isSigned {
            isSigned = false
            output.append(UInt8(ascii: "-"))
        }
        switch byte {
        case UInt8(ascii: "-"):
            isSigned = true
            return
        case UInt8(ascii: "\""):
            isQuoted = true
            isBare = depth == 1 && isInValue && kinds.isLong(column)
            if isBare { return }
        case UInt8(ascii: "{"):
            depth += 1
            if depth == 1 { (column, isInValue) = (0, false) }
        case UInt8(ascii: "}"): depth -= 1
        // That around all rows is no part of one.
        case UInt8(ascii: "[") where depth > 0: depth += 1
        case UInt8(ascii: "]") where depth > 0: depth -= 1
        case UInt8(ascii: ":") where depth == 1: isInValue = true
        case UInt8(ascii: ",") where depth == 1: (column, isInValue) = (column + 1, false)
        default: break
        }
        output.append(byte)
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
