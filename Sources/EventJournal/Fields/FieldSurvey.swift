internal import CSimdJSON
internal import TextEncoding

/// Collects which paths JSON documents have, with which values.
///
/// Memory: at most some 60 MiB, whatever the documents are: paths, different values of each and text of examples have
/// limits.
@safe
public final class FieldSurvey {
    /// Paths that are told apart; values at others are only counted.
    public static let maximumPaths = 2000
    /// Names and array steps in a path.
    public static let maximumDepth = 32
    /// Different values that are told apart at one path.
    public static let maximumDistinct = 1000
    /// Examples that are given of a path.
    public static let maximumExamples = 3

    /// Documents that were looked at.
    public private(set) var documents = 0
    /// Those of them that are not JSON.
    public private(set) var notJSON = 0

    private var nodes = [FieldNode()]
    private var omitted = 0
    private var name: [UInt8] = []
    private let parser: OpaquePointer

    /// Makes an empty survey.
    ///
    /// - Throws: ``JournalError/Code/storage`` when memory is short.
    public init() throws(JournalError) {
        guard let parser = unsafe hw_json_documents_create(nil, 0, 1024) else {
            throw JournalError(.storage, "There is not enough memory to look into payloads.")
        }
        unsafe self.parser = parser
    }

    deinit { unsafe hw_json_documents_free(parser) }

    /// Looks into a document, of less than 2 GiB.
    public func add(_ json: UnsafeRawBufferPointer) {
        documents += 1
        var text = unsafe hw_json_text(bytes: json.baseAddress?.assumingMemoryBound(to: UInt8.self), length: json.count)
        var batch = unsafe hw_json_document_batch()
        guard json.count < 1 << 31 else {
            notJSON += 1
            return
        }
        unsafe hw_json_documents_begin(parser, &text, 1)
        guard unsafe hw_json_documents_next(parser, &batch), unsafe batch.count == 1,
            unsafe batch.documents[0].status == HW_JSON_OK, let bytes = unsafe batch.text
        else {
            notJSON += 1
            return
        }
        let root = unsafe batch.nodes + Int(batch.documents[0].node)
        unsafe visit(root, at: 0, depth: 0, text: bytes)
    }

    /// What was found so far.
    public var report: FieldReport {
        var report = FieldReport()
        report.events = documents
        report.notJSON = notJSON
        report.omittedValues = omitted
        collect(0, path: "", into: &report.fields)
        // The payload itself goes without saying, unless it is more than objects.
        if let root = report.fields.first, root.types.map(\.type) == [.object] { report.fields.removeFirst() }
        return report
    }

    private func collect(_ number: Int, path: String, into fields: inout [FieldSummary]) {
        let node = nodes[number]
        if node.values > 0 { fields.append(node.summary(path: path.isEmpty ? "@" : path)) }
        for child in node.children {
            let step = nodes[child].name.map { FieldSurvey.identifier($0) }
            let separator = path.isEmpty || step == nil ? "" : "."
            collect(child, path: path + separator + (step ?? "[]"), into: &fields)
        }
    }

    // MARK: Walking a document

    private func visit(_ node: UnsafePointer<hw_json_node>, at place: Int, depth: Int, text: UnsafePointer<UInt8>) {
        let value = unsafe node.pointee
        let start = unsafe text + Int(value.offset)
        nodes[place].count(value.kind, document: documents)
        switch value.kind {
        case HW_JSON_OBJECT:
            var member = unsafe node + 1
            for _ in 0..<value.length {
                let title = unsafe member.pointee
                let content = unsafe member + 1
                unsafe readName(text + Int(title.offset), Int(title.length), title.flags)
                if let child = child(of: place, named: name, depth: depth) {
                    unsafe visit(content, at: child, depth: depth + 1, text: text)
                } else {
                    omitted += 1
                }
                unsafe member = content + Int(content.pointee.span)
            }
        case HW_JSON_ARRAY:
            guard value.length > 0 else { return }
            guard let child = child(of: place, named: nil, depth: depth) else {
                omitted += Int(value.length)
                return
            }
            var element = unsafe node + 1
            for _ in 0..<value.length {
                unsafe visit(element, at: child, depth: depth + 1, text: text)
                unsafe element += Int(element.pointee.span)
            }
        default:
            unsafe nodes[place].add(UnsafeRawBufferPointer(start: start, count: Int(value.length)), value.kind)
        }
    }

    /// Reads the name of a member, with escape sequences undone.
    private func readName(_ text: UnsafePointer<UInt8>, _ length: Int, _ flags: UInt8) {
        name.removeAll(keepingCapacity: true)
        unsafe name.append(contentsOf: UnsafeBufferPointer(start: text, count: length))
        guard flags & UInt8(HW_JSON_ESCAPED) != 0 else { return }
        let count = unsafe name.withUnsafeMutableBufferPointer { output in
            unsafe hw_json_unescape(text, length, output.baseAddress)
        }
        name.removeLast(length - max(count, 0))
    }

    /// The node below another; `nil` when there are too many paths.
    private func child(of place: Int, named name: [UInt8]?, depth: Int) -> Int? {
        if let name {
            if let child = nodes[place].members[name] { return child }
        } else if let child = nodes[place].elements {
            return child
        }
        guard nodes.count < FieldSurvey.maximumPaths, depth < FieldSurvey.maximumDepth else { return nil }
        let child = nodes.count
        nodes.append(FieldNode(name: name))
        if let name { nodes[place].members[name] = child } else { nodes[place].elements = child }
        nodes[place].children.append(child)
        return child
    }

    // MARK: Writing paths

    /// A name as an identifier of JMESPath, in quotes unless it is of letters, digits and `_`.
    static func identifier(_ name: [UInt8]) -> String {
        func isLetter(_ byte: UInt8) -> Bool { byte == 0x5F || (0x61...0x7A).contains(byte | 0x20) }
        let isPlain =
            name.first.map(isLetter) == true && name.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) }
        let text = String(decoding: name, as: UTF8.self)
        return isPlain ? text : JSONString.quoted(text)
    }
}

@available(*, unavailable)
extension FieldSurvey: Sendable {}
