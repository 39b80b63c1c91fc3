import Testing

@testable import Parquet

/// Records apart and together again.
@Suite struct RecordTests {
    /// A random field; `depth` bounds how deep it nests.
    private func field(_ name: String, depth: Int, _ random: inout SplitMix) -> Field {
        let repetition: Field.Repetition = random.oneIn(2) ? .required : .optional
        switch depth == 0 ? 0 : Int.random(in: 0..<6, using: &random) {
        case 2:
            let fields = (0..<Int.random(in: 1...3, using: &random)).map { field("f\($0)", depth: depth - 1, &random) }
            return .group(name, fields, repetition)
        case 3: return .list(name, of: field("element", depth: depth - 1, &random), repetition)
        case 4:
            return .map(
                name,
                key: .leaf("key", .byteArray, .string),
                value: field("value", depth: depth - 1, &random),
                repetition
            )
        case 5:
            var bare = field(name, depth: depth - 1, &random)
            bare.repetition = .repeated
            return bare
        default:
            let types: [PhysicalType] = [
                .boolean, .int32, .int64, .float, .double, .byteArray, .fixedLengthByteArray(3),
            ]
            return .leaf(name, types.randomElement(using: &random) ?? .int32, nil, repetition)
        }
    }

    private func value(_ shape: RecordShape, _ schema: Schema, _ random: inout SplitMix) -> RecordValue {
        if shape.isNullable, random.oneIn(4) { return .null }
        func count() -> Int { [0, 0, 1, 2, 5].randomElement(using: &random) ?? 0 }
        switch shape.kind {
        case .leaf(let leaf):
            switch schema.columns[leaf].type {
            case .boolean: return .boolean(random.oneIn(2))
            case .int32, .int96: return .int32(.random(in: .min ... .max, using: &random))
            case .int64: return .int64(.random(in: .min ... .max, using: &random))
            case .float: return .float(.random(in: -1...1, using: &random))
            case .double: return .double(.random(in: -1...1, using: &random))
            case .byteArray: return .bytes((0..<count()).map { _ in .random(in: 0...255, using: &random) })
            case .fixedLengthByteArray(let length):
                return .bytes((0..<length).map { _ in .random(in: 0...255, using: &random) })
            }
        case .structure(let fields): return .structure(fields.map { value($0, schema, &random) })
        case .list(let element, _, _): return .list((0..<count()).map { _ in value(element, schema, &random) })
        case .map(let key, let shape, _, _):
            return .map(
                (0..<count())
                    .map { _ in
                        RecordValue.Entry(
                            value(key, schema, &random),
                            shape.map { value($0, schema, &random) } ?? .null
                        )
                    }
            )
        }
    }

    @Test("records of any schema come back from their columns, and from a file of them")
    func recordsComeBack() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        for round in 0..<60 {
            let fields = (0..<Int.random(in: 1...4, using: &random)).map { field("c\($0)", depth: 3, &random) }
            let schema = Schema(fields)
            let shapes = RecordShape.shapes(of: schema)
            let records = (0..<40).map { _ in RecordValue.structure(shapes.map { value($0, schema, &random) }) }
            var shredder = try RecordShredder(schema)
            for record in records { try shredder.append(record) }
            let columns = shredder.finish()
            let batch = RecordBatch(rowGroup: 0, rowRange: 0..<records.count, columns: columns)
            #expect(try RecordAssembler(schema).records(batch) == records, "seed \(seed), round \(round)")

            var writer = try ParquetWriter(schema: schema, options: WriterOptions(pageRowCount: 7))
            try writer.writeRowGroup(columns)
            let file = try ParquetFile(bytes: writer.finish())
            // List and map groups of the schema are recognised again in the file's.
            let assembler = RecordAssembler(file.schema)
            var decoder = try file.decoder(file.plan(rowGroup: 0))
            var read: [RecordValue] = []
            while let batch = try decoder.next(maximumRows: 9) { read += try assembler.records(batch) }
            #expect(read == records, "seed \(seed), round \(round)")
        }
    }

    @Test("a record that does not fit the schema is refused, and leaves nothing behind")
    func misfitIsRefused() throws {
        let schema = Schema([
            .leaf("id", .int64), .list("tags", of: .leaf("element", .byteArray, .string), .optional),
            .group("point", [.leaf("x", .int32)], .optional),
        ])
        var shredder = try RecordShredder(schema)
        try shredder.append(.structure([.int64(1), .list([.string("a")]), .structure([.int32(3)])]))
        let misfits: [RecordValue] = [
            .null, .structure([.int64(1)]), .structure([.null, .null, .null]), .structure([.int32(1), .null, .null]),
            .structure([.int64(2), .list([.string("b"), .null]), .null]),
            .structure([.int64(2), .list([.string("b")]), .structure([.string("c")])]),
            .structure([.int64(2), .map([]), .null]), .structure([.int64(2), .null, .structure([])]),
        ]
        for misfit in misfits {
            #expect(throws: ParquetError(.invalidArgument, ""), "\(misfit)") { try shredder.append(misfit) }
        }
        let columns = shredder.finish()
        #expect(columns.map { $0.values.count } == [1, 1, 1])
        #expect(columns[1].repetitionLevels == [0])
    }

    @Test("columns whose levels contradict each other are refused")
    func contradictionIsRefused() throws {
        let element = Field.group("element", [.leaf("a", .int32), .leaf("b", .int32)])
        let schema = Schema([.list("pairs", of: element)])
        func batch(_ second: ColumnData) -> RecordBatch {
            let first = ColumnData(.int32([1, 2]), repetitionLevels: [0, 1])
            return RecordBatch(rowGroup: 0, rowRange: 0..<1, columns: [first, second])
        }
        let assembler = RecordAssembler(schema)
        #expect(try assembler.records(batch(ColumnData(.int32([3, 4]), repetitionLevels: [0, 1]))).count == 1)
        let wrong = [
            ColumnData(.int32([3]), repetitionLevels: [0]), ColumnData(.int32([3, 4]), repetitionLevels: [0, 0]),
            ColumnData(.int32([3]), definitionLevels: [1, 0], repetitionLevels: [0, 1]),
            ColumnData(.int32([]), definitionLevels: [0], repetitionLevels: [0]),
        ]
        for column in wrong {
            #expect(throws: ParquetError(.malformed, "")) { try assembler.records(batch(column)) }
        }
    }

    @Test("the list forms of older writers are understood as LogicalTypes.md says")
    func olderListForms() {
        func element(_ repeated: Field) -> RecordShape.Kind? {
            let shapes = RecordShape.shapes(of: Schema([.group("my_list", [repeated], .optional, logicalType: .list)]))
            guard case .list(let element, _, _)? = shapes.first?.kind else { return nil }
            return element.kind
        }
        func isStructure(_ kind: RecordShape.Kind?) -> Bool { if case .structure? = kind { true } else { false } }
        #expect(element(.leaf("element", .int32, nil, .repeated)) == .leaf(0))
        #expect(element(.group("element", [.leaf("str", .byteArray)], .repeated)) == .leaf(0))
        #expect(isStructure(element(.group("array", [.leaf("str", .byteArray)], .repeated))))
        #expect(isStructure(element(.group("my_list_tuple", [.leaf("str", .byteArray)], .repeated))))
        #expect(isStructure(element(.group("element", [.leaf("a", .int32), .leaf("b", .int32)], .repeated))))
    }
}
