// In a file the tree is a list, depth first; each group says how many children follow.
// Source: Apache Parquet format, `parquet.thrift` (SchemaElement).

/// One node of the list.
private struct SchemaElement {
    var type: Int32?
    var typeLength: Int32 = 0
    var repetition: Int32 = 0
    var name: String
    var childCount: Int = 0
    var convertedType: Int32?
    var scale: Int32 = 0
    var precision: Int32 = 0
    var id: Int32?
    var logicalType: LogicalType?

    init(_ reader: inout CompactReader) throws(ParquetError) {
        var name: String?
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: type = try reader.int32(field)
            case 2: typeLength = try reader.int32(field)
            case 3: repetition = try reader.int32(field)
            case 4: name = try reader.string(field)
            case 5: childCount = Int(try reader.int32(field))
            case 6: convertedType = try reader.int32(field)
            case 7: scale = try reader.int32(field)
            case 8: precision = try reader.int32(field)
            case 9: id = try reader.int32(field)
            case 10:
                try reader.structure(field)
                logicalType = try LogicalType(&reader)
            default: try reader.skip(field)
            }
        }
        guard let name else { throw reader.malformed("a schema element has no name") }
        self.name = name
    }

    /// The union, or else what the older enumeration means.
    var meaning: LogicalType? {
        if let logicalType { return logicalType }
        guard let convertedType else { return nil }
        return LogicalType(convertedType: convertedType, scale: scale, precision: precision)
    }
}

extension Schema {
    /// How deep a schema may nest before it is refused.
    static let maximumDepth = 100

    /// How many names the paths of all leaves may have together before a schema is refused.
    ///
    /// Each leaf holds its whole path, so a deep group of many leaves would take far more memory than its bytes.
    static let maximumPathNames = 1 << 20

    /// Reads the list; the error's offset is where it ends.
    static func read(_ reader: inout CompactReader, _ field: CompactField) throws(ParquetError) -> Schema {
        let count = try reader.list(field, of: .structure)
        var elements: [SchemaElement] = []
        for _ in 0..<count { elements.append(try SchemaElement(&reader)) }
        guard let root = elements.first else { throw reader.malformed("the schema is empty") }
        var next = 1
        var names = 0
        let fields = try children(of: root, elements, &next, depth: 0, &names, reader)
        guard next == elements.count else {
            throw reader.malformed("the schema has \(elements.count - next) elements that belong to no group")
        }
        return Schema(fields)
    }

    private static func children(
        of parent: SchemaElement,
        _ elements: [SchemaElement],
        _ next: inout Int,
        depth: Int,
        _ names: inout Int,
        _ reader: CompactReader
    ) throws(ParquetError) -> [Field] {
        guard depth < maximumDepth else {
            throw reader.malformed("the schema nests deeper than \(maximumDepth) levels")
        }
        guard parent.childCount >= 0, parent.childCount <= elements.count - next else {
            throw reader.malformed("group \(parent.name) claims \(parent.childCount) children, but too few follow")
        }
        var fields: [Field] = []
        for _ in 0..<parent.childCount {
            // A child's own children may have used up what this group was promised.
            guard next < elements.count else {
                throw reader.malformed("group \(parent.name) has fewer children than it claims")
            }
            let element = elements[next]
            next += 1
            let repetition: Field.Repetition
            switch element.repetition {
            case 0: repetition = .required
            case 1: repetition = .optional
            case 2: repetition = .repeated
            default: throw reader.malformed("\(element.name) has the unknown repetition \(element.repetition)")
            }
            let kind: Field.Kind
            if let number = element.type {
                guard let type = PhysicalType(number: number, length: element.typeLength) else {
                    throw reader.malformed("\(element.name) has type \(number) of length \(element.typeLength)")
                }
                names += depth + 1
                guard names <= maximumPathNames else {
                    throw ParquetError(.limitExceeded, "the paths of the schema's columns have too many names")
                }
                kind = .leaf(type, element.meaning)
            } else {
                let fields = try children(of: element, elements, &next, depth: depth + 1, &names, reader)
                kind = .group(fields, element.meaning)
            }
            fields.append(Field(name: element.name, repetition: repetition, kind: kind, id: element.id))
        }
        return fields
    }

    /// Writes the list as field `id`.
    func write(_ id: Int16, to writer: inout CompactWriter) {
        writer.list(id, of: .structure, count: 1 + fields.reduce(0) { $0 + $1.elementCount })
        writer.structure { writer in
            writer.string(4, "schema")
            writer.int32(5, Int32(truncatingIfNeeded: fields.count))
        }
        for field in fields { field.write(to: &writer) }
    }
}

extension Field {
    fileprivate var elementCount: Int {
        switch kind {
        case .leaf: 1
        case .group(let children, _): 1 + children.reduce(0) { $0 + $1.elementCount }
        }
    }

    fileprivate func write(to writer: inout CompactWriter) {
        writer.structure { writer in
            let meaning: LogicalType?
            switch kind {
            case .leaf(let type, let logical):
                meaning = logical
                writer.int32(1, type.number)
                if case .fixedLengthByteArray(let length) = type { writer.int32(2, Int32(truncatingIfNeeded: length)) }
            case .group(_, let logical): meaning = logical
            }
            switch repetition {
            case .required: writer.int32(3, 0)
            case .optional: writer.int32(3, 1)
            case .repeated: writer.int32(3, 2)
            }
            writer.string(4, name)
            if case .group(let children, _) = kind { writer.int32(5, Int32(truncatingIfNeeded: children.count)) }
            if let meaning {
                if let converted = meaning.convertedType { writer.int32(6, converted) }
                if case .decimal(let precision, let scale) = meaning {
                    writer.int32(7, Int32(truncatingIfNeeded: scale))
                    writer.int32(8, Int32(truncatingIfNeeded: precision))
                }
            }
            if let id { writer.int32(9, id) }
            meaning?.write(10, to: &writer)
        }
        if case .group(let children, _) = kind {
            for child in children { child.write(to: &writer) }
        }
    }
}

extension PhysicalType {
    /// The number in `parquet.thrift` (Type).
    var number: Int32 {
        switch self {
        case .boolean: 0
        case .int32: 1
        case .int64: 2
        case .int96: 3
        case .float: 4
        case .double: 5
        case .byteArray: 6
        case .fixedLengthByteArray: 7
        }
    }

    /// The type with this number; `nil` when there is none, or `length` is not positive where it counts.
    init?(number: Int32, length: Int32) {
        switch number {
        case 0: self = .boolean
        case 1: self = .int32
        case 2: self = .int64
        case 3: self = .int96
        case 4: self = .float
        case 5: self = .double
        case 6: self = .byteArray
        case 7 where length > 0: self = .fixedLengthByteArray(Int(length))
        default: return nil
        }
    }
}
