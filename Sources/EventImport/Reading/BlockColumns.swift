internal import CSimdJSON
internal import JMESPath
internal import Parquet

/// The columns of a block while its lines come in.
struct BlockColumns {
    private let mapping: FieldMapping
    private let limits: LineLimits
    private let fields: [MappedField]
    private var evaluated: [EvaluatedField] = []
    private var ids: [ByteView] = []
    private var timestamps: [Int64] = []
    private var keys: [ByteView] = []
    private var payloads: [ByteView] = []
    private var lineIndexes: [UInt32] = []
    private var rejected: [RejectedLine] = []
    private var arena: [UInt8] = []

    init(mapping: FieldMapping, limits: LineLimits, fields: [MappedField], capacity: Int) {
        self.mapping = mapping
        self.limits = limits
        self.fields = fields
        for field in mapping.fields {
            switch field {
            case .id: ids.reserveCapacity(capacity)
            case .timestamp: timestamps.reserveCapacity(capacity)
            case .key: keys.reserveCapacity(capacity)
            }
        }
        payloads.reserveCapacity(capacity)
        lineIndexes.reserveCapacity(capacity)
    }

    /// Adds what an expression gives for the lines of the block, before the lines themselves.
    mutating func add(_ values: EvaluatedField) { evaluated.append(values) }

    /// Adds the lines of a batch.
    mutating func append(_ batch: hw_json_lines_batch, block: UnsafeRawBufferPointer) {
        let lines = unsafe UnsafeBufferPointer(start: batch.lines, count: batch.line_count)
        let values = unsafe UnsafeBufferPointer(start: batch.fields, count: batch.line_count * fields.count)
        let arena = unsafe UnsafeRawBufferPointer(start: batch.arena, count: batch.arena_length)
        for index in lines.indices {
            let line = unsafe lines[index]
            if line.status != HW_JSON_OK {
                reject(line, LineFault(kind: .json, status: line.status, position: line.fault_offset))
                continue
            }
            var fault: LineFault?
            var taken = 0
            while fault == nil, taken < fields.count {
                let value = unsafe values[index * fields.count + taken]
                let source = unsafe value.in_arena == 0 ? block : arena
                fault = unsafe take(value, as: fields[taken], source)
                if fault == nil { taken += 1 }
            }
            while fault == nil, taken < fields.count + evaluated.count {
                fault = takeEvaluated(taken - fields.count, of: line)
                if fault == nil { taken += 1 }
            }
            if var fault {
                for number in 0..<taken {
                    drop(number < fields.count ? fields[number] : evaluated[number - fields.count].field)
                }
                if fault.kind == .missing, !isObject(line), pathStartsWithName(fault.field) { fault.kind = .notObject }
                reject(line, fault)
            } else {
                payloads.append(ByteView(buffer: 0, offset: line.offset, length: line.length))
                lineIndexes.append(line.index)
            }
        }
    }

    /// Keeps the unescaped texts after the last batch.
    mutating func finish(_ batch: hw_json_lines_batch) {
        arena = unsafe Array(UnsafeBufferPointer(start: batch.arena, count: batch.arena_length))
    }

    /// Adds the one line of a block whose line was too long to be kept.
    mutating func rejectOversized(prefix: Int, length: Int) {
        let fault = LineFault(kind: .json, status: HW_JSON_LINE_TOO_LONG)
        rejected.append(RejectedLine(index: 0, offset: 0, length: UInt32(prefix), fault: fault))
    }

    consuming func parsed(_ block: LineBlock) -> ParsedBlock {
        var buffers = [block.bytes]
        if !arena.isEmpty || !evaluated.isEmpty { buffers.append(arena) }
        for values in evaluated { buffers.append(values.text) }
        return ParsedBlock(
            block: block,
            ids: mapping.id == nil ? nil : ByteArrays(buffers: buffers, views: ids),
            timestamps: mapping.timestamp == nil ? nil : timestamps,
            keys: mapping.key == nil ? nil : ByteArrays(buffers: buffers, views: keys),
            payloads: ByteArrays(buffers: [block.bytes], views: payloads),
            lineIndexes: lineIndexes,
            rejected: rejected,
            mapping: mapping,
            limits: limits,
            buffers: buffers
        )
    }

    private mutating func reject(_ line: hw_json_line, _ fault: LineFault) {
        rejected.append(RejectedLine(index: line.index, offset: line.offset, length: line.length, fault: fault))
    }

    private mutating func drop(_ field: MappedField) {
        switch field {
        case .id: ids.removeLast()
        case .timestamp: timestamps.removeLast()
        case .key: keys.removeLast()
        }
    }

    private func isObject(_ line: hw_json_line) -> Bool { line.first_byte == UInt8(ascii: "{") }

    private func pathStartsWithName(_ field: MappedField) -> Bool {
        if case .member = mapping[field]?.plainPath?.first { return true }
        return false
    }

    /// Adds what an expression gave for a line to the column of its field.
    private mutating func takeEvaluated(_ number: Int, of line: hw_json_line) -> LineFault? {
        let field = evaluated[number].field
        var value = hw_json_field()
        value.in_arena = UInt32(2 + number)
        if let result = evaluated[number].take(line.index) {
            value.offset = result.value.offset
            value.length = result.value.length
            value.kind = result.value.kind
            if result.isFailure {
                let text = ByteView(buffer: value.in_arena, offset: value.offset, length: value.length)
                return LineFault(kind: .failed, field: field, text: text)
            }
        }
        let text = evaluated[number].text
        return unsafe text.withUnsafeBytes { unsafe take(value, as: field, $0) }
    }

    /// Adds a value, whose text is in `source`, to the column of its field, unless something is wrong with it.
    private mutating func take(
        _ value: hw_json_field,
        as field: MappedField,
        _ source: UnsafeRawBufferPointer
    ) -> LineFault? {
        let view = ByteView(buffer: value.in_arena, offset: value.offset, length: value.length)
        switch field {
        case .id:
            guard value.kind == HW_JSON_STRING || value.kind == HW_JSON_NUMBER else { return wrong(value, .id) }
            guard view.length > 0 else { return LineFault(kind: .empty, field: .id) }
            guard view.length <= limits.fieldLength else { return LineFault(kind: .tooLong, field: .id) }
            ids.append(view)
        case .key:
            switch value.kind {
            case HW_JSON_MISSING, HW_JSON_NULL:
                keys.append(.null)
            case HW_JSON_OBJECT, HW_JSON_ARRAY:
                return wrong(value, .key)
            default:
                guard view.length <= limits.fieldLength else { return LineFault(kind: .tooLong, field: .key) }
                keys.append(view)
            }
        case .timestamp:
            guard value.kind == HW_JSON_STRING || value.kind == HW_JSON_NUMBER else { return wrong(value, .timestamp) }
            let text = unsafe UnsafeRawBufferPointer(rebasing: source[view.range])
            switch unsafe TimestampField.read(text, isNumber: value.kind == HW_JSON_NUMBER, unit: mapping.timestampUnit)
            {
            case .value(let microseconds): timestamps.append(microseconds)
            case .fault(.wrongKind): return wrong(value, .timestamp)
            case .fault(let kind): return LineFault(kind: kind, field: .timestamp, text: view)
            }
        }
        return nil
    }

    private func wrong(_ value: hw_json_field, _ field: MappedField) -> LineFault {
        switch value.kind {
        case HW_JSON_MISSING: LineFault(kind: .missing, field: field)
        case HW_JSON_NULL: LineFault(kind: .null, field: field)
        default: LineFault(kind: .wrongKind, field: field, found: value.kind)
        }
    }
}
