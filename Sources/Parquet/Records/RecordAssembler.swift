/// Puts records together from the levels and values of their columns.
///
/// Source: the record assembly of the Dremel paper (Melnik et al., 2010), done from the top of the tree down.
public struct RecordAssembler: Sendable {
    /// The fields of a record, in the order of the values of its ``RecordValue/structure(_:)``.
    public let shapes: [RecordShape]
    private let columns: [Column]
    /// For each leaf beneath `shapes` its column in a batch.
    private let positions: [Int]

    /// Assembles whole records from batches of all columns.
    public init(_ schema: Schema) {
        shapes = RecordShape.shapes(of: schema)
        columns = schema.columns
        positions = Array(schema.columns.indices)
    }

    /// Assembles the top-level fields with some names.
    ///
    /// ``columns(of:in:)`` are the columns to read for them.
    ///
    /// - Throws: ``ParquetError`` with code `invalidArgument` when there is no field of a name.
    public init(_ schema: Schema, fields names: [String]) throws(ParquetError) {
        let all = RecordShape.shapes(of: schema)
        var shapes: [RecordShape] = []
        var positions = [Int](repeating: 0, count: schema.columns.count)
        var next = 0
        for name in names {
            guard let shape = all.first(where: { $0.name == name }) else {
                throw ParquetError(.invalidArgument, "the file has no field \(name)")
            }
            shapes.append(shape)
            for leaf in shape.leaves {
                positions[leaf] = next
                next += 1
            }
        }
        self.shapes = shapes
        self.positions = positions
        columns = schema.columns
    }

    /// The numbers of the columns beneath the top-level fields with some names, in the order a batch must have them.
    public static func columns(of names: [String], in schema: Schema) -> [Int] {
        names.flatMap { name in schema.columns.indices.filter { schema.columns[$0].path.first == name } }
    }

    /// The records of a batch, each a ``RecordValue/structure(_:)``.
    ///
    /// - Throws: ``ParquetError`` with code `malformed` when the levels of the columns contradict each other, and
    ///   `invalidArgument` when the batch has other columns than the assembler expects.
    /// - Complexity: O(slots of all columns).
    public func records(_ batch: RecordBatch) throws(ParquetError) -> [RecordValue] {
        let leaves = shapes.flatMap(\.leaves)
        guard batch.columns.count == leaves.count else {
            throw ParquetError(
                .invalidArgument,
                "\(batch.columns.count) columns for records that have \(leaves.count)"
            )
        }
        var cursors: [LeafCursor?] = Array(repeating: nil, count: columns.count)
        for leaf in leaves { cursors[leaf] = try LeafCursor(batch.columns[positions[leaf]], columns[leaf]) }
        var assembly = Assembly(cursors: cursors.map { $0 ?? LeafCursor.none })
        var records: [RecordValue] = []
        records.reserveCapacity(batch.rowCount)
        for _ in 0..<batch.rowCount {
            var values: [RecordValue] = []
            values.reserveCapacity(shapes.count)
            for shape in shapes { values.append(try assembly.value(shape)) }
            records.append(.structure(values))
            for leaf in leaves where !assembly.cursors[leaf].isAtRowStart {
                throw assembly.cursors[leaf].disagreement()
            }
        }
        return records
    }
}

/// The walk over the columns of a batch.
private struct Assembly {
    var cursors: [LeafCursor]

    mutating func value(_ shape: RecordShape) throws(ParquetError) -> RecordValue {
        // A group without leaves has no levels that could tell anything.
        guard let first = shape.leaves.first else { return .structure([]) }
        if shape.isNullable, try cursors[first].definition() < shape.definition {
            try skip(shape.leaves, below: shape.definition)
            return .null
        }
        switch shape.kind {
        case .leaf(let leaf): return try cursors[leaf].value()
        case .structure(let fields):
            var values: [RecordValue] = []
            values.reserveCapacity(fields.count)
            for field in fields { values.append(try value(field)) }
            return .structure(values)
        case .list(let element, let definition, let repetition):
            var elements: [RecordValue] = []
            if try isEmpty(shape.leaves, definition) { return .list([]) }
            repeat { elements.append(try value(element)) } while try repeats(shape.leaves, repetition)
            return .list(elements)
        case .map(let key, let value, let definition, let repetition):
            var entries: [RecordValue.Entry] = []
            if try isEmpty(shape.leaves, definition) { return .map([]) }
            repeat {
                let key = try self.value(key)
                entries.append(
                    RecordValue.Entry(
                        key,
                        try value.map { shape throws(ParquetError) in try self.value(shape) } ?? .null
                    )
                )
            } while try repeats(shape.leaves, repetition)
            return .map(entries)
        }
    }

    /// Whether the list that is next has no elements; if so its slot is passed.
    private mutating func isEmpty(_ leaves: Range<Int>, _ definition: Int) throws(ParquetError) -> Bool {
        guard try cursors[leaves.lowerBound].definition() < definition else { return false }
        try skip(leaves, below: definition)
        return true
    }

    /// Whether one more element of a list follows; all leaves must say the same.
    private mutating func repeats(_ leaves: Range<Int>, _ repetition: Int) throws(ParquetError) -> Bool {
        let next = cursors[leaves.lowerBound].repetition
        guard next <= repetition else { throw cursors[leaves.lowerBound].disagreement() }
        for leaf in leaves where (cursors[leaf].repetition == repetition) != (next == repetition) {
            throw cursors[leaf].disagreement()
        }
        return next == repetition
    }

    /// Passes the slot with which each of some leaves says that something above it is not there.
    private mutating func skip(_ leaves: Range<Int>, below definition: Int) throws(ParquetError) {
        for leaf in leaves {
            guard try cursors[leaf].definition() < definition else { throw cursors[leaf].disagreement() }
            cursors[leaf].pass()
        }
    }
}

/// How far the walk is in one column.
private struct LeafCursor {
    static let none = LeafCursor(
        column: Column(path: [], type: .boolean, maximumDefinitionLevel: 0, maximumRepetitionLevel: 0),
        data: ColumnData(.boolean([])),
        slotCount: 0
    )

    let column: Column
    let data: ColumnData
    let slotCount: Int
    private var slot = 0
    private var next = 0

    private init(column: Column, data: ColumnData, slotCount: Int) {
        self.column = column
        self.data = data
        self.slotCount = slotCount
    }

    init(_ data: ColumnData, _ column: Column) throws(ParquetError) {
        self.init(column: column, data: data, slotCount: data.count)
        guard data.repetitionLevels.map({ $0.count == slotCount }) ?? true,
            data.definitionLevels != nil || data.values.count == slotCount
        else {
            throw ParquetError(.invalidArgument, "column \(column.name) has levels and values of different number")
        }
    }

    /// The definition level of the slot that is next.
    func definition() throws(ParquetError) -> Int {
        guard slot < slotCount else { throw disagreement() }
        return data.definitionLevels.map { Int($0[slot]) } ?? column.maximumDefinitionLevel
    }

    /// The repetition level of the slot that is next; 0 behind the last.
    var repetition: Int {
        guard slot < slotCount, let levels = data.repetitionLevels else { return 0 }
        return Int(levels[slot])
    }

    var isAtRowStart: Bool { repetition == 0 }

    mutating func pass() { slot += 1 }

    mutating func value() throws(ParquetError) -> RecordValue {
        guard try definition() == column.maximumDefinitionLevel, next < data.values.count else { throw disagreement() }
        slot += 1
        defer { next += 1 }
        switch data.values {
        case .boolean(let values): return .boolean(values[next])
        case .int32(let values): return .int32(values[next])
        case .int64(let values): return .int64(values[next])
        case .float(let values): return .float(values[next])
        case .double(let values): return .double(values[next])
        case .bytes(let values): return values[next].map(RecordValue.bytes) ?? .null
        }
    }

    func disagreement() -> ParquetError {
        ParquetError(
            .malformed,
            "the levels of column \(column.name) contradict those of its neighbours at slot \(slot)"
        )
    }
}
