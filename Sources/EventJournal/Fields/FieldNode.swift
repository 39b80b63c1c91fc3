internal import CSimdJSON
internal import Parquet

/// One path of a survey, and what was found there.
struct FieldNode {
    /// One of the values.
    private struct Entry {
        var count: Int
        /// The order of first appearance.
        var number: Int
        /// Its text, for the first ones only.
        var text: String?
    }

    /// The name of a member; `nil` for the elements of an array.
    var name: [UInt8]?
    var members: [[UInt8]: Int] = [:]
    var elements: Int?
    /// The nodes below, in order of first appearance.
    var children: [Int] = []
    private(set) var values = 0
    private(set) var events = 0
    private var lastDocument = 0
    /// How many values there are of each kind, by the number of the kind.
    private var kinds = [Int](repeating: 0, count: 8)
    private var distinct: [UInt64: Entry] = [:]
    private var hasMoreDistinct = false
    private var wholeNumbers = 0
    private var moments = 0

    /// So many values are kept as text, of which the examples are.
    private static let mostTexts = 64
    /// Bytes of such a text; a longer value is cut.
    private static let longestText = 60

    init(name: [UInt8]? = nil) { self.name = name }

    /// Notes a value of a document, whose numbers start at 1.
    mutating func count(_ kind: hw_json_kind, document: Int) {
        values += 1
        kinds[Int(kind.rawValue)] += 1
        if document != lastDocument {
            lastDocument = document
            events += 1
        }
    }

    /// Notes the text of a value that is no object or array; a string is without its quotes and as it stands.
    mutating func add(_ text: UnsafeRawBufferPointer, _ kind: hw_json_kind) {
        let isString = kind == HW_JSON_STRING
        if kind == HW_JSON_NUMBER, unsafe DecimalText.integer(text) != nil { wholeNumbers += 1 }
        // A year or a number in quotes is none.
        if isString, unsafe text.count >= 10 && Timestamp.parse(text) != nil { moments += 1 }
        // `"1"` and `1` are different values.
        let hash = unsafe BloomFilter.hash(text) ^ (isString ? 0 : 0x9E37_79B9_7F4A_7C15)
        if let index = distinct.index(forKey: hash) {
            distinct.values[index].count += 1
            return
        }
        guard distinct.count < FieldSurvey.maximumDistinct else {
            hasMoreDistinct = true
            return
        }
        var entry = Entry(count: 1, number: distinct.count)
        if entry.number < FieldNode.mostTexts { entry.text = unsafe FieldNode.text(text, isString: isString) }
        distinct[hash] = entry
    }

    /// A value as JSON, cut at a character when it is long.
    private static func text(_ bytes: UnsafeRawBufferPointer, isString: Bool) -> String {
        let quote = isString ? "\"" : ""
        var end = min(bytes.count, longestText)
        while end > 0, end < bytes.count, unsafe bytes[end] & 0xC0 == 0x80 { end -= 1 }
        let text = unsafe String(decoding: bytes[..<end], as: UTF8.self)
        return quote + text + (end < bytes.count ? "…" : quote)
    }

    func summary(path: String) -> FieldSummary {
        let types: [(FieldType, [hw_json_kind])] = [
            (.null, [HW_JSON_NULL]), (.boolean, [HW_JSON_TRUE, HW_JSON_FALSE]), (.number, [HW_JSON_NUMBER]),
            (.string, [HW_JSON_STRING]), (.object, [HW_JSON_OBJECT]), (.array, [HW_JSON_ARRAY]),
        ]
        let counts = types.map { type, kinds in
            FieldSummary.TypeCount(type: type, count: kinds.reduce(0) { $0 + self.kinds[Int($1.rawValue)] })
        }
        let examples = distinct.values.filter { $0.text != nil }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.number < $1.number }
            .prefix(FieldSurvey.maximumExamples)
            .map { FieldSummary.Example(text: $0.text ?? "", count: $0.count) }
        return FieldSummary(
            path: path,
            events: events,
            values: values,
            wholeNumbers: wholeNumbers,
            moments: moments,
            types: counts.filter { $0.count > 0 }.sorted { $0.count > $1.count },
            distinct: distinct.count,
            hasMoreDistinct: hasMoreDistinct,
            examples: Array(examples)
        )
    }
}
