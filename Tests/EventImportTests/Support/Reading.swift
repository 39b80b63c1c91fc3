import JMESPath
import Parquet
import Testing

@testable import EventImport

extension InputSource {
    /// All that is left, read `step` bytes at a time.
    func readAll(step: Int = 1000) throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: step)
        while true {
            let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe read(into: $0) }
            if count == 0 { return all }
            all += buffer[..<count]
        }
    }
}

extension LineBlock {
    /// A block of the whole of `bytes`.
    init(_ bytes: [UInt8]) {
        let newlines = bytes.count { $0 == UInt8(ascii: "\n") }
        self.init(
            bytes: bytes + [UInt8](repeating: 0, count: LineBlock.padding),
            lineCount: newlines + (bytes.isEmpty || bytes.last == UInt8(ascii: "\n") ? 0 : 1),
            firstLineNumber: 1,
            inputBytes: bytes.count
        )
    }

    init(_ text: String) { self.init(Array(text.utf8)) }

    var lines: ArraySlice<UInt8> { bytes[..<byteCount] }
}

/// The two ways of parsing, which must not differ.
let bothWays = [true, false]

func parser(_ mapping: FieldMapping, limits: LineLimits = LineLimits()) throws -> LineParser {
    try #require(LineParser(mapping, limits: limits))
}

extension FieldMapping {
    static let none = FieldMapping()
    static let id = id("id")

    static func id(_ path: String) -> FieldMapping {
        do {
            return FieldMapping(id: try JMESPathExpression(path))
        } catch {
            preconditionFailure("\(error)")
        }
    }
}

extension ParsedBlock {
    /// What a rejected line would be reported as.
    var complaints: [String] {
        rejected.map { line in
            let column = column(of: line).map { ":\($0)" } ?? ""
            return "\(lineNumber(of: line))\(column): \(reason(of: line))"
        }
    }

    var idTexts: [String] { texts(of: ids).compactMap { $0 } }
    var keyTexts: [String?] { texts(of: keys) }
    var payloadTexts: [String] { texts(of: payloads).compactMap { $0 } }

    private func texts(of column: ByteArrays?) -> [String?] {
        guard let column else { return [] }
        return (0..<column.count).map { index in column[index].map { String(decoding: $0, as: UTF8.self) } }
    }
}
