internal import CSimdJSON

/// A value of a parsed document, in the parser's row of nodes.
///
/// Safe to use until the parser goes on to other documents.
@safe
struct Node {
    let at: UnsafePointer<hw_json_node>
    /// What the offsets of nodes are from.
    let text: UnsafePointer<UInt8>

    init(_ at: UnsafePointer<hw_json_node>, _ text: UnsafePointer<UInt8>) {
        unsafe self.at = at
        unsafe self.text = text
    }

    var kind: hw_json_kind { unsafe at.pointee.kind }
    /// Members of an object, elements of an array.
    var count: Int { unsafe Int(at.pointee.length) }
    var isEscaped: Bool { unsafe at.pointee.flags & UInt8(HW_JSON_ESCAPED) != 0 }
    /// Whether two names of this object may be equal.
    var mayRepeat: Bool { unsafe at.pointee.flags & UInt8(HW_JSON_MAY_REPEAT) != 0 }
    /// The text of a string as it stands, of a number or of a literal.
    var raw: Text { unsafe Text(text + Int(at.pointee.offset), Int(at.pointee.length)) }
    /// The first node inside a container.
    var first: Node { unsafe Node(at + 1, text) }
    /// The node behind this value.
    var next: Node { unsafe Node(at + Int(at.pointee.span), text) }
}

/// A parser that makes nodes of one document at a time.
@safe
final class TreeParser {
    private let handle: OpaquePointer
    let maximumDepth: Int

    /// Makes a parser, or `nil` when memory is short.
    init?(maximumDepth: Int) {
        guard let handle = unsafe hw_json_documents_create(nil, 0, maximumDepth) else { return nil }
        unsafe self.handle = handle
        self.maximumDepth = maximumDepth
    }

    deinit { unsafe hw_json_documents_free(handle) }

    /// What is wrong with a text that should be one JSON value.
    func fault(of bytes: [UInt8]) -> hw_json_status {
        unsafe bytes.withUnsafeBytes { unsafe parse($0).status }
    }

    /// Parses a document; its nodes live until the next one is parsed.
    func parse(_ json: UnsafeRawBufferPointer) -> ParsedDocument {
        guard json.count < 1 << 31 else { return ParsedDocument(status: HW_JSON_LINE_TOO_LONG) }
        var text = unsafe hw_json_text(bytes: json.baseAddress?.assumingMemoryBound(to: UInt8.self), length: json.count)
        var batch = unsafe hw_json_document_batch()
        unsafe hw_json_documents_begin(handle, &text, 1)
        guard unsafe hw_json_documents_next(handle, &batch), unsafe batch.count == 1 else {
            return ParsedDocument(status: HW_JSON_ENDS_EARLY)
        }
        let document = unsafe batch.documents[0]
        guard document.status == HW_JSON_OK else {
            return ParsedDocument(status: document.status, faultOffset: Int(document.fault_offset))
        }
        return unsafe ParsedDocument(status: HW_JSON_OK, root: Node(batch.nodes + Int(document.node), batch.text))
    }
}

/// A document, or what is wrong with it.
struct ParsedDocument {
    var status: hw_json_status
    var faultOffset = 0
    var root: Node?

    /// Why it is no JSON, in words.
    static func reason(_ status: hw_json_status) -> String {
        switch status {
        case HW_JSON_LINE_TOO_LONG: "it is too long"
        case HW_JSON_NOT_UTF8: "it is not UTF-8"
        case HW_JSON_CONTROL_CHARACTER: "a string has a control character that is not escaped"
        case HW_JSON_UNTERMINATED_STRING: "a string has no closing quote"
        case HW_JSON_BAD_ESCAPE: "there is no such escape sequence"
        case HW_JSON_LONE_SURROGATE: "half a surrogate pair stands alone"
        case HW_JSON_BAD_NUMBER: "this is not a number"
        case HW_JSON_BAD_LITERAL: "expected true, false or null"
        case HW_JSON_EXPECTED_VALUE: "expected a value"
        case HW_JSON_EXPECTED_NAME: "expected the name of a member"
        case HW_JSON_EXPECTED_COLON: "expected \":\""
        case HW_JSON_EXPECTED_COMMA_IN_OBJECT: "expected \",\" or \"}\""
        case HW_JSON_EXPECTED_COMMA_IN_ARRAY: "expected \",\" or \"]\""
        case HW_JSON_ENDS_EARLY: "it ends too early"
        case HW_JSON_TRAILING: "something follows the value"
        case HW_JSON_TOO_DEEP: "it is nested too deep"
        default: "it is not JSON"
        }
    }
}
