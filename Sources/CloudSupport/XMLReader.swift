/// Goes through the XML that AWS services answer with: elements, text, CDATA, references; no DTD, no processing.
///
/// Our own, since Foundation's parser would bring Foundation and libxml2 into every program for a dozen element names.
/// Namespaces are left out of names, attributes are skipped, and a document type is refused.
package struct XMLReader {
    /// What comes next in a document.
    package enum Token: Sendable, Hashable {
        /// The beginning of an element, by its name without a prefix.
        case start(String)
        /// Text, with references resolved; may come in several pieces.
        case text(String)
        /// The end of an element.
        case end(String)
    }

    /// The document is not what was expected.
    package struct Failure: Error, CustomStringConvertible {
        /// What is wrong, and where.
        package let description: String

        /// Makes a failure.
        package init(description: String) { self.description = description }
    }

    private let bytes: [UInt8]
    private var position = 0
    private var open: [String] = []
    private var pendingEnd: String?
    private static let maximumDepth = 64

    /// Reads a document from its first byte.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next token; `nil` at the end of the document.
    ///
    /// - Throws: ``Failure`` when it is not well-formed.
    package mutating func next() throws(Failure) -> Token? {
        if let name = pendingEnd {
            pendingEnd = nil
            return .end(name)
        }
        while position < bytes.count {
            if bytes[position] != UInt8(ascii: "<") {
                let text = try text()
                if open.isEmpty { continue }
                return .text(text)
            }
            if matches("<?") {
                try skip(past: "?>")
            } else if matches("<!--") {
                try skip(past: "-->")
            } else if matches("<![CDATA[") {
                let start = position + 9
                try skip(past: "]]>")
                return .text(String(decoding: bytes[start..<position - 3], as: UTF8.self))
            } else if matches("<!") {
                throw failure("a document type, which no service sends")
            } else {
                return try tag()
            }
        }
        if let name = open.last { throw failure("the end of the document inside of <\(name)>") }
        return nil
    }

    private mutating func tag() throws(Failure) -> Token {
        let isEnd = matches("</")
        position += isEnd ? 2 : 1
        let start = position
        var end: Int?
        // A `>` in quotation marks belongs to an attribute.
        var quote: UInt8?
        while position < bytes.count {
            let byte = bytes[position]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                end = position
                break
            }
            position += 1
        }
        guard let end else { throw failure("a tag without its end") }
        position = end + 1
        let content = bytes[start..<end]
        let isEmpty = !isEnd && content.last == UInt8(ascii: "/")
        let nameBytes = content.prefix { $0 > 0x20 && $0 != UInt8(ascii: "/") }
        let name = String(decoding: nameBytes.split(separator: UInt8(ascii: ":")).last ?? [], as: UTF8.self)
        if name.isEmpty { throw failure("a tag without a name") }
        if isEnd {
            guard open.popLast() == name else { throw failure("</\(name)>, which ends no element") }
            return .end(name)
        }
        if isEmpty {
            pendingEnd = name
        } else {
            open.append(name)
            if open.count > Self.maximumDepth { throw failure("more than \(Self.maximumDepth) elements in each other") }
        }
        return .start(name)
    }

    private mutating func text() throws(Failure) -> String {
        var text: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") {
            if bytes[position] == UInt8(ascii: "&") {
                try text += reference()
            } else {
                text.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func reference() throws(Failure) -> [UInt8] {
        let rest = bytes[(position + 1)...].prefix(12)
        guard let end = rest.firstIndex(of: UInt8(ascii: ";")) else { throw failure("a & without its end") }
        let name = String(decoding: rest[..<end], as: UTF8.self)
        let scalar: Unicode.Scalar?
        switch name {
        case "lt": scalar = "<"
        case "gt": scalar = ">"
        case "amp": scalar = "&"
        case "quot": scalar = "\""
        case "apos": scalar = "'"
        default:
            let number =
                name.hasPrefix("#x")
                ? UInt32(name.dropFirst(2), radix: 16) : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
            scalar = number.flatMap(Unicode.Scalar.init)
        }
        guard let scalar else { throw failure("the unknown reference &\(name);") }
        position = end + 1
        return Array(String(Character(scalar)).utf8)
    }

    private func matches(_ text: StaticString) -> Bool {
        bytes[position...].starts(with: text.description.utf8)
    }

    private mutating func skip(past text: StaticString) throws(Failure) {
        let wanted = Array(text.description.utf8)
        while position + wanted.count <= bytes.count {
            if bytes[position...].starts(with: wanted) {
                position += wanted.count
                return
            }
            position += 1
        }
        throw failure("something that begins and has no \(text)")
    }

    private func failure(_ what: String) -> Failure {
        Failure(description: "the answer has \(what), at byte \(position)")
    }
}

/// An element with what is in it, for answers that are small.
package struct XMLElement: Sendable {
    /// Its name, without a prefix.
    package let name: String
    /// The elements in it.
    package private(set) var children: [XMLElement] = []
    /// The text in it, that of its children left out.
    package private(set) var text = ""

    private init(name: String) { self.name = name }

    /// Reads a whole document.
    ///
    /// - Throws: ``XMLReader/Failure`` when it is not well-formed, or empty.
    package static func parse(_ bytes: [UInt8]) throws(XMLReader.Failure) -> XMLElement {
        var reader = XMLReader(bytes)
        var stack = [XMLElement(name: "")]
        while let token = try reader.next() {
            switch token {
            case .start(let name): stack.append(XMLElement(name: name))
            case .text(let text): stack[stack.count - 1].text += text
            case .end:
                let element = stack.removeLast()
                stack[stack.count - 1].children.append(element)
            }
        }
        guard let root = stack[0].children.first else {
            throw XMLReader.Failure(description: "the answer is empty where XML was expected")
        }
        return root
    }

    /// The text of the first child of a name; `nil` when there is none.
    package subscript(name: String) -> String? { children.first { $0.name == name }?.text }

    /// The children of a name.
    package func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// A text with the characters escaped that XML keeps for itself.
    package static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\r": escaped += "&#13;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
