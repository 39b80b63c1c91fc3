internal import Parquet
internal import TextEncoding

/// Writes a snapshot as a classic checkpoint: a row for each action, in an order that depends on the state alone.
enum CheckpointWriter {
    private static let rowGroupRowCount = 50_000

    /// The bytes of the file.
    ///
    /// - Complexity: O(actions), in time and memory.
    static func write(_ actions: [DeltaAction]) throws(ParquetError) -> [UInt8] {
        let schema = CheckpointSchema.written
        let shapes = RecordShape.shapes(of: schema)
        var shredder = try RecordShredder(schema)
        var writer = try ParquetWriter(schema: schema)
        for action in actions {
            let (name, value) = (action.name, action.checkpointJSON)
            var fields: [RecordValue] = []
            for shape in shapes { fields.append(shape.name == name ? try record(value, shape, schema) : .null) }
            try shredder.append(.structure(fields))
            if shredder.rowCount == rowGroupRowCount { try writer.writeRowGroup(shredder.finish()) }
        }
        if shredder.rowCount > 0 { try writer.writeRowGroup(shredder.finish()) }
        return writer.finish()
    }

    /// The actions of a snapshot; removals without statistics and tags.
    static func actions(of snapshot: DeltaSnapshot) -> [DeltaAction] {
        func sorted<Value>(_ map: [String: Value]) -> [Value] {
            map.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.compactMap { map[$0] }
        }
        let domains = snapshot.domains.map { ($0, DomainMetadata(domain: $0, configuration: $1)) }
        var actions: [DeltaAction] = [.protocol(snapshot.protocol), .metadata(snapshot.metadata)]
        actions.reserveCapacity(
            2 + snapshot.transactions.count + snapshot.domains.count + snapshot.files.count + snapshot.tombstones.count
        )
        actions += sorted(snapshot.transactions).map { .transaction($0) }
        actions += sorted(Dictionary(uniqueKeysWithValues: domains)).map { .domain($0) }
        actions += sorted(snapshot.files).map { .add($0) }
        actions += sorted(snapshot.tombstones).map { .remove($0) }
        return actions
    }

    /// A JSON value in the form of a field; members that the schema does not have are left out.
    private static func record(
        _ value: JSONValue?,
        _ shape: RecordShape,
        _ schema: Schema
    ) throws(ParquetError) -> RecordValue {
        switch (value, shape.kind) {
        case (nil, _), (.null, _): return .null
        case (.object(let members), .structure(let fields)):
            var values: [RecordValue] = []
            for field in fields { values.append(try record(members[field.name], field, schema)) }
            return .structure(values)
        case (.object(let members), .map(let key, let element, _, _)):
            var entries: [RecordValue.Entry] = []
            for (name, value) in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                let value = try element.map { shape throws(ParquetError) in try record(value, shape, schema) }
                entries.append(RecordValue.Entry(try record(.string(name), key, schema), value ?? .null))
            }
            return .map(entries)
        case (.array(let elements), .list(let element, _, _)):
            var values: [RecordValue] = []
            for value in elements { values.append(try record(value, element, schema)) }
            return .list(values)
        case (.string(let text), .leaf): return .string(text)
        case (.boolean(let value), .leaf): return .boolean(value)
        case (.integer(let value), .leaf(let leaf)):
            if schema.columns[leaf].type == .int64 { return .int64(value) }
            guard let small = Int32(exactly: value) else {
                throw ParquetError(.invalidArgument, "\(shape.name) is \(value), which has more than 32 bits")
            }
            return .int32(small)
        default: throw ParquetError(.invalidArgument, "\(shape.name) is of another type in a checkpoint")
        }
    }
}

extension DeltaAction {
    /// As ``json``: the table of actions and the checkpoint have the same fields, but for what tombstones do not keep.
    fileprivate var checkpointJSON: JSONValue {
        if case .remove(var remove) = self {
            remove.tags = [:]
            return remove.json
        }
        return json
    }
}
