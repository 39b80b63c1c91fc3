internal import Parquet
internal import TextEncoding

/// Reads the actions of a classic checkpoint, or of a part of one, whoever wrote it.
struct CheckpointReader {
    let object: String
    let location: String
    let limits: DeltaLimits

    private static let rowsAtOnce = 4096
    /// The most levels of all columns of that many rows.
    private static let mostSlots = 64 << 20

    /// The actions in the order of the file.
    ///
    /// - Throws: ``DeltaLakeError`` with code `malformed`, `unsupported` or `limitExceeded`.
    /// - Complexity: O(actions), in time and memory.
    func actions(_ bytes: [UInt8]) throws -> [DeltaAction] {
        do {
            return try read(ParquetFile(bytes: bytes))
        } catch let error as ActionFault {
            throw error.error("The checkpoint \(object) in \(location)", object: object)
        } catch let error as ParquetError {
            let code: DeltaLakeError.Code =
                switch error.code {
                case .unsupported: .unsupported
                case .limitExceeded: .limitExceeded
                default: .malformed
                }
            throw DeltaLakeError(
                code,
                "The checkpoint \(object) in \(location) cannot be read; remove it if the log before it is still there, "
                    + "or restore it from a copy.",
                object: object,
                cause: error
            )
        }
    }

    private func read(_ file: ParquetFile) throws -> [DeltaAction] {
        let schema = Schema(CheckpointReader.projection(file.schema.fields))
        guard !schema.columns.isEmpty else { throw ActionFault("it has none of the columns of a checkpoint") }
        var positions: [[String]: Int] = [:]
        for (position, column) in file.schema.columns.enumerated() {
            guard positions.updateValue(position, forKey: column.path) == nil else {
                throw ActionFault("the column \(column.name) stands twice")
            }
        }
        let columns = schema.columns.compactMap { positions[$0.path] }
        let rowCount = file.metadata.rowGroups.reduce(0) { $0 + $1.rowCount }
        guard rowCount <= limits.maximumActions else { throw exceeded("\(rowCount) actions", limits.maximumActions) }

        let assembler = RecordAssembler(schema)
        var actions: [DeltaAction] = []
        actions.reserveCapacity(rowCount)
        var textBytes = 0
        for group in file.metadata.rowGroups.indices {
            var decoder = try file.decoder(file.plan(rowGroup: group, columns: columns))
            while let batch = try decoder.next(maximumRows: CheckpointReader.rowsAtOnce) {
                try measure(batch, &textBytes)
                for record in try assembler.records(batch) {
                    guard case .structure(let fields) = record else { continue }
                    if let action = try action(fields, assembler.shapes) { actions.append(action) }
                }
            }
        }
        return actions
    }

    /// A few bytes of a file can stand for very many values; they are counted before they are taken out.
    private func measure(_ batch: RecordBatch, _ textBytes: inout Int) throws {
        var slots = 0
        for column in batch.columns {
            slots += column.definitionLevels?.count ?? column.values.count
            guard case .bytes(let values) = column.values else { continue }
            for view in values.views { textBytes += Int(view.length) }
        }
        guard slots <= CheckpointReader.mostSlots else {
            throw exceeded("\(slots) values in \(batch.rowCount) actions", CheckpointReader.mostSlots)
        }
        guard textBytes <= limits.maximumTextBytes else {
            throw exceeded("\(textBytes) bytes of text", limits.maximumTextBytes)
        }
    }

    private func exceeded(_ what: String, _ limit: Int) -> DeltaLakeError {
        DeltaLakeError(
            .limitExceeded,
            "The checkpoint \(object) in \(location) has \(what), and at most \(limit) are read; raise the limit if it "
                + "is sound.",
            object: object
        )
    }

    private func action(_ fields: [RecordValue], _ shapes: [RecordShape]) throws(ActionFault) -> DeltaAction? {
        var members: [String: JSONValue] = [:]
        for (value, shape) in zip(fields, shapes) where !value.isNull {
            guard shape.name != "sidecar" else {
                throw ActionFault("it refers to sidecar files", isUnsupported: true)
            }
            members[shape.name] = try json(value, shape)
        }
        return members.isEmpty ? nil : try DeltaAction(.object(members))
    }

    private func json(_ value: RecordValue, _ shape: RecordShape) throws(ActionFault) -> JSONValue {
        switch (value, shape.kind) {
        case (.null, _): return .null
        case (.boolean(let value), _): return .boolean(value)
        case (.int32(let value), _): return .integer(Int64(value))
        case (.int64(let value), _): return .integer(value)
        case (.bytes(let bytes), _): return .string(try text(bytes, shape))
        case (.structure(let values), .structure(let fields)):
            var members: [String: JSONValue] = [:]
            for (value, field) in zip(values, fields) where !value.isNull {
                members[field.name] = try json(value, field)
            }
            return .object(members)
        case (.list(let values), .list(let element, _, _)):
            var elements: [JSONValue] = []
            for value in values { elements.append(try json(value, element)) }
            return .array(elements)
        case (.map(let entries), .map(let key, let element, _, _)):
            var members: [String: JSONValue] = [:]
            for entry in entries {
                guard case .bytes(let name) = entry.key else { throw ActionFault("a key of \(shape.name) is no text") }
                let value = try element.map { shape throws(ActionFault) in try json(entry.value, shape) }
                members[try text(name, key)] = value ?? .null
            }
            return .object(members)
        default: throw ActionFault("\(shape.name) has a value of another type")
        }
    }

    private func text(_ bytes: [UInt8], _ shape: RecordShape) throws(ActionFault) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ActionFault("a text of \(shape.name) is no UTF-8")
        }
        return text
    }

    /// The fields that are read of those a file has.
    private static func projection(_ fields: [Field]) -> [Field] {
        fields.compactMap { field in
            guard let names = CheckpointSchema.read[field.name], case .group(let children, let type) = field.kind else {
                return nil
            }
            var field = field
            let kept = children.filter { names.contains($0.name) }
                .map { child in
                    guard child.name == "deletionVector", case .group(let parts, let type) = child.kind else {
                        return child
                    }
                    // That there is one is enough.
                    var child = child
                    child.kind = .group(parts.filter { $0.name == "storageType" }, type)
                    return child
                }
            field.kind = .group(kept, type)
            return kept.isEmpty ? nil : field
        }
    }
}
