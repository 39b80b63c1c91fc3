/// Takes records apart into the levels and values of their columns.
///
/// Source: the column striping of the Dremel paper (Melnik et al., 2010).
public struct RecordShredder: Sendable {
    private let shapes: [RecordShape]
    private let columns: [Column]
    private var leaves: [LeafBuilder]
    /// How many records have been added.
    public private(set) var rowCount = 0

    /// Begins without records.
    ///
    /// - Throws: ``ParquetError`` with code `unsupported` for a type that has no values here.
    public init(_ schema: Schema) throws(ParquetError) {
        shapes = RecordShape.shapes(of: schema)
        columns = schema.columns
        leaves = []
        for column in schema.columns { leaves.append(try LeafBuilder(column)) }
    }

    /// Adds a record: a ``RecordValue/structure(_:)`` with one value for each field of the schema.
    ///
    /// - Throws: ``ParquetError`` with code `invalidArgument`, naming the field, when a value does not fit the schema;
    ///   nothing of the record has been added then.
    public mutating func append(_ record: RecordValue) throws(ParquetError) {
        guard case .structure(let values) = record, values.count == shapes.count else {
            throw ParquetError(.invalidArgument, "a record must be a structure of \(shapes.count) values")
        }
        for leaf in leaves.indices { leaves[leaf].mark() }
        do throws(ParquetError) {
            for (shape, value) in zip(shapes, values) { try add(value, shape, definition: 0, repetition: 0) }
        } catch {
            for leaf in leaves.indices { leaves[leaf].rollBack() }
            throw error
        }
        rowCount += 1
    }

    /// The columns of all records added since the last call, in the order of ``Schema/columns``.
    public mutating func finish() -> [ColumnData] {
        rowCount = 0
        var data: [ColumnData] = []
        for leaf in leaves.indices { data.append(leaves[leaf].finish()) }
        return data
    }

    private mutating func add(
        _ value: RecordValue,
        _ shape: RecordShape,
        definition: Int,
        repetition: Int
    ) throws(ParquetError) {
        if case .null = value {
            guard shape.isNullable else { throw mismatch(shape, "must not be null") }
            absent(shape, definition: definition, repetition: repetition)
            return
        }
        switch (shape.kind, value) {
        case (.leaf(let leaf), _):
            guard leaves[leaf].append(value, definition: shape.definition, repetition: repetition) else {
                throw mismatch(shape, "must be of type \(columns[leaf].type)")
            }
        case (.structure(let fields), .structure(let values)):
            guard fields.count == values.count else {
                throw mismatch(shape, "has \(fields.count) fields, not \(values.count)")
            }
            for (field, value) in zip(fields, values) {
                try add(value, field, definition: shape.definition, repetition: repetition)
            }
        case (.list(let element, let level, let repeated), .list(let values)):
            if values.isEmpty { absent(shape, definition: shape.definition, repetition: repetition) }
            for (index, value) in values.enumerated() {
                try add(value, element, definition: level, repetition: index == 0 ? repetition : repeated)
            }
        case (.map(let key, let valueShape, let level, let repeated), .map(let entries)):
            if entries.isEmpty { absent(shape, definition: shape.definition, repetition: repetition) }
            for (index, entry) in entries.enumerated() {
                let repetition = index == 0 ? repetition : repeated
                try add(entry.key, key, definition: level, repetition: repetition)
                if let valueShape {
                    try add(entry.value, valueShape, definition: level, repetition: repetition)
                } else if !entry.value.isNull {
                    throw mismatch(shape, "is a map without values")
                }
            }
        case (.structure, _): throw mismatch(shape, "must be a structure")
        case (.list, _): throw mismatch(shape, "must be a list")
        case (.map, _): throw mismatch(shape, "must be a map")
        }
    }

    private mutating func absent(_ shape: RecordShape, definition: Int, repetition: Int) {
        for leaf in shape.leaves { leaves[leaf].appendAbsent(definition: definition, repetition: repetition) }
    }

    private func mismatch(_ shape: RecordShape, _ what: String) -> ParquetError {
        let path = shape.leaves.first.map { columns[$0].name } ?? shape.name
        return ParquetError(.invalidArgument, "record \(rowCount): field \(shape.name) (column \(path)) \(what)")
    }
}

/// The column that grows.
///
/// One array for each type of values, of which one is used: taken out of an enum to grow, they would be copied each
/// time.
private struct LeafBuilder {
    private let column: Column
    private var booleans: [Bool] = []
    private var int32s: [Int32] = []
    private var int64s: [Int64] = []
    private var floats: [Float] = []
    private var doubles: [Double] = []
    private var bytes = ByteArrays()
    private var count = 0
    private var definition: [UInt8] = []
    private var repetition: [UInt8] = []
    private var marked = (values: 0, slots: 0)

    init(_ column: Column) throws(ParquetError) {
        self.column = column
        _ = try ColumnValues.empty(of: column.type)
        guard column.maximumDefinitionLevel <= 255 else {
            throw ParquetError(.unsupported, "column \(column.name) nests deeper than 255 levels")
        }
    }

    mutating func appendAbsent(definition: Int, repetition: Int) {
        self.definition.append(UInt8(definition))
        self.repetition.append(UInt8(repetition))
    }

    /// Adds a value; `false` when it is of another type.
    mutating func append(_ value: RecordValue, definition: Int, repetition: Int) -> Bool {
        switch (column.type, value) {
        case (.boolean, .boolean(let value)): booleans.append(value)
        case (.int32, .int32(let value)): int32s.append(value)
        case (.int64, .int64(let value)): int64s.append(value)
        case (.float, .float(let value)): floats.append(value)
        case (.double, .double(let value)): doubles.append(value)
        case (.byteArray, .bytes(let value)): bytes.append(value)
        case (.fixedLengthByteArray(let length), .bytes(let value)) where value.count == length: bytes.append(value)
        default: return false
        }
        count += 1
        self.definition.append(UInt8(definition))
        self.repetition.append(UInt8(repetition))
        return true
    }

    mutating func mark() { marked = (count, definition.count) }

    mutating func rollBack() {
        let excess = count - marked.values
        switch column.type {
        case .boolean: booleans.removeLast(excess)
        case .int32: int32s.removeLast(excess)
        case .int64: int64s.removeLast(excess)
        case .float: floats.removeLast(excess)
        case .double: doubles.removeLast(excess)
        case .byteArray, .fixedLengthByteArray: bytes.views.removeLast(excess)
        case .int96: break
        }
        count = marked.values
        definition.removeLast(definition.count - marked.slots)
        repetition.removeLast(repetition.count - marked.slots)
    }

    private var values: ColumnValues {
        switch column.type {
        case .boolean: .boolean(booleans)
        case .int32: .int32(int32s)
        case .int64: .int64(int64s)
        case .float: .float(floats)
        case .double: .double(doubles)
        case .byteArray, .fixedLengthByteArray, .int96: .bytes(bytes)
        }
    }

    mutating func finish() -> ColumnData {
        let data = ColumnData(
            values,
            definitionLevels: count == definition.count ? nil : definition,
            repetitionLevels: column.maximumRepetitionLevel > 0 ? repetition : nil
        )
        booleans = []
        int32s = []
        int64s = []
        floats = []
        doubles = []
        bytes = ByteArrays()
        count = 0
        definition = []
        repetition = []
        return data
    }
}
