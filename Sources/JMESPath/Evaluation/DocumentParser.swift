internal import CSimdJSON

/// The parser of many documents at once, for trees or for fields.
@safe
final class DocumentParser {
    private let handle: OpaquePointer

    /// Makes a parser of whole documents, or with paths of the fields there; `nil` when memory is short.
    init?(paths: [[PathStep]]?, maximumDepth: Int) {
        guard let paths else {
            guard let handle = unsafe hw_json_documents_create(nil, 0, maximumDepth) else { return nil }
            unsafe self.handle = handle
            return
        }
        // Null would ask for trees.
        let handle = unsafe paths.withParserPaths { unsafe hw_json_documents_create($0, $1, maximumDepth) }
        guard let handle = unsafe handle else { return nil }
        unsafe self.handle = handle
    }

    deinit { unsafe hw_json_documents_free(handle) }

    /// Gives `body` each line that is not blank of a block that has `HW_JSON_PADDING` bytes behind it.
    func lines(of block: UnsafeRawBufferPointer, isIndexed: Bool, _ body: (hw_json_document, Place) -> Void) {
        let start = unsafe block.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe hw_json_documents_begin_lines(handle, start, block.count, isIndexed)
        each(body)
    }

    /// Gives `body` each of some texts.
    func texts(_ texts: UnsafeBufferPointer<hw_json_text>, _ body: (hw_json_document, Place) -> Void) {
        unsafe hw_json_documents_begin(handle, texts.baseAddress, texts.count)
        each(body)
    }

    private func each(_ body: (hw_json_document, Place) -> Void) {
        var batch = unsafe hw_json_document_batch()
        while unsafe hw_json_documents_next(handle, &batch) {
            for index in unsafe 0..<batch.count {
                let document = unsafe batch.documents[index]
                unsafe body(document, Place(nodes: batch.nodes, text: batch.text))
            }
        }
    }

    /// Where a batch's nodes and text are; good until the next batch.
    @safe
    struct Place {
        let nodes: UnsafePointer<hw_json_node>?
        let text: UnsafePointer<UInt8>?

        /// A document's root, or the first of its fields.
        func node(_ document: hw_json_document) -> Node? {
            guard let nodes = unsafe nodes, let text = unsafe text else { return nil }
            return unsafe Node(nodes + Int(document.node), text)
        }

        /// The bytes of a document.
        func bytes(_ document: hw_json_document) -> Text {
            unsafe Text(text.map { unsafe $0 + Int(document.offset) }, Int(document.length))
        }
    }
}

@available(*, unavailable)
extension DocumentParser: Sendable {}
