internal import CSimdJSON
internal import Parquet

/// The values of one promoted column, row by row.
struct PromotedValues {
    private var numbers: [Int64] = []
    private var doubles: [Double] = []
    private var truths: [Bool] = []
    private var texts: [UInt8] = []
    private var views: [ByteView] = []
    private var levels: [UInt8] = []
    let type: PromotedColumn.ValueType
    /// How many values were there and did not fit.
    private(set) var misfits = 0
    /// How many rows have no value.
    private(set) var nulls = 0

    init(_ type: PromotedColumn.ValueType, capacity: Int) {
        self.type = type
        levels.reserveCapacity(capacity)
        switch type {
        case .int64, .timestamp: numbers.reserveCapacity(capacity)
        case .float64: doubles.reserveCapacity(capacity)
        case .boolean: truths.reserveCapacity(capacity)
        case .string: views.reserveCapacity(capacity)
        }
    }

    mutating func appendNull() {
        levels.append(0)
        nulls += 1
    }

    mutating func appendMisfit() {
        misfits += 1
        appendNull()
    }

    /// Adds nulls until there are so many rows.
    mutating func fill(to rows: Int) { while levels.count < rows { appendNull() } }

    /// Adds a value by its JSON text, a string's without quotes.
    mutating func append(_ kind: PromotedKind, _ text: UnsafeRawBufferPointer) {
        if kind == .null { return appendNull() }
        switch (type, kind) {
        case (.int64, .number):
            guard let number = unsafe DecimalText.integer(text) else { return appendMisfit() }
            numbers.append(number)
        case (.float64, .number):
            guard let number = unsafe DecimalText.double(text) else { return appendMisfit() }
            doubles.append(number)
        case (.boolean, .boolean): truths.append(unsafe text[0] == UInt8(ascii: "t"))
        case (.timestamp, .string):
            // A moment has no escape sequences but those nobody writes.
            guard let moment = unsafe Timestamp.parse(text), moment != .min else { return appendMisfit() }
            numbers.append(moment)
        case (.string, .string): guard unsafe appendText(text) else { return appendMisfit() }
        default: return appendMisfit()
        }
        levels.append(1)
    }

    private mutating func appendText(_ text: UnsafeRawBufferPointer) -> Bool {
        let start = texts.count
        guard start + text.count < Int(UInt32.max) else { return false }
        unsafe texts.append(contentsOf: text)
        if unsafe text.contains(UInt8(ascii: "\\")) {
            let length = unsafe texts.withUnsafeMutableBufferPointer { output in
                unsafe hw_json_unescape(
                    text.bindMemory(to: UInt8.self).baseAddress,
                    text.count,
                    output.baseAddress.map { unsafe $0 + start }
                )
            }
            guard length >= 0 else {
                texts.removeLast(text.count)
                return false
            }
            texts.removeLast(text.count - length)
        }
        views.append(ByteView(buffer: 0, offset: UInt32(start), length: UInt32(texts.count - start)))
        return true
    }

    /// The values as a column to be written.
    var column: ColumnData {
        let values: ColumnValues =
            switch type {
            case .int64, .timestamp: .int64(numbers)
            case .float64: .double(doubles)
            case .boolean: .boolean(truths)
            case .string: .bytes(ByteArrays(buffers: texts.isEmpty && views.isEmpty ? [] : [texts], views: views))
            }
        return ColumnData(values, definitionLevels: nulls == 0 ? nil : levels)
    }

    /// What is known of the values as a whole.
    var summary: PromotedSummary {
        var summary = PromotedSummary(nulls: nulls, misfits: misfits)
        switch type {
        case .int64, .timestamp:
            if let low = numbers.min(), let high = numbers.max() { summary.bounds = .integers(low, high) }
        case .float64: if let low = doubles.min(), let high = doubles.max() { summary.bounds = .doubles(low, high) }
        case .boolean: break
        case .string:
            let column = ByteArrays(buffers: [texts], views: views)
            func precedes(_ left: Int, _ right: Int) -> Bool {
                unsafe column.withBytes(at: left) { left in
                    unsafe column.withBytes(at: right) { right in unsafe left.lexicographicallyPrecedes(right) }
                }
            }
            if let low = views.indices.min(by: precedes), let high = views.indices.max(by: precedes) {
                summary.bounds = .texts(column[low] ?? [], column[high] ?? [])
            }
        }
        return summary
    }
}

/// What is known of the values of a promoted column in some rows.
struct PromotedSummary: Sendable, Hashable {
    /// The lowest and the highest value.
    enum Bounds: Sendable, Hashable {
        case integers(Int64, Int64)
        case doubles(Double, Double)
        case texts([UInt8], [UInt8])
    }

    var nulls = 0
    var misfits = 0
    /// `nil` when there is no value, or an order that nobody asks for.
    var bounds: Bounds?

    /// Adds what is known of other rows.
    mutating func formUnion(_ other: PromotedSummary) {
        nulls += other.nulls
        misfits += other.misfits
        switch (bounds, other.bounds) {
        case (_, nil): break
        case (nil, _): bounds = other.bounds
        case (.integers(let low, let high), .integers(let otherLow, let otherHigh)):
            bounds = .integers(min(low, otherLow), max(high, otherHigh))
        case (.doubles(let low, let high), .doubles(let otherLow, let otherHigh)):
            bounds = .doubles(min(low, otherLow), max(high, otherHigh))
        case (.texts(let low, let high), .texts(let otherLow, let otherHigh)):
            bounds = .texts(
                otherLow.lexicographicallyPrecedes(low) ? otherLow : low,
                high.lexicographicallyPrecedes(otherHigh) ? otherHigh : high
            )
        default: bounds = nil
        }
    }
}
