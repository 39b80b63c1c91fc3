/// What the footer of a file says: schema, row groups, and the writer's own pairs.
///
/// Source: Apache Parquet format, `parquet.thrift` (FileMetaData).
public struct FileMetadata: Sendable, Hashable {
    /// The format's version: 1 or 2.
    public var version: Int32
    /// The columns and how they nest.
    public var schema: Schema
    /// How many rows in all row groups.
    public var rowCount: Int
    /// The row groups in file order.
    public var rowGroups: [RowGroupMetadata]
    /// The writer's own pairs; a key may stand twice.
    public var keyValueMetadata: [KeyValue]
    /// The program that wrote the file.
    public var createdBy: String?
    /// By which order the bounds of each column hold; empty in old files, whose ``Statistics/minimum`` and
    /// ``Statistics/maximum`` must then be ignored for all but signed numbers.
    public var columnOrders: [ColumnOrder]

    /// Makes metadata.
    public init(
        version: Int32 = 2,
        schema: Schema,
        rowCount: Int,
        rowGroups: [RowGroupMetadata],
        keyValueMetadata: [KeyValue] = [],
        createdBy: String? = nil,
        columnOrders: [ColumnOrder] = []
    ) {
        self.version = version
        self.schema = schema
        self.rowCount = rowCount
        self.rowGroups = rowGroups
        self.keyValueMetadata = keyValueMetadata
        self.createdBy = createdBy
        self.columnOrders = columnOrders
    }

    /// Reads metadata from the start of `bytes`; `fileOffset` is where `bytes[0]` stands in the file, for messages.
    ///
    /// Verifies that each row group has a chunk of the right type for each column of the schema. Offsets and sizes are
    /// verified to be no less than 0, not to lie inside the file. Time and memory are linear in `bytes.count`.
    ///
    /// - Throws: ``ParquetError/Code/malformed``.
    public static func parse(_ bytes: [UInt8], fileOffset: Int) throws(ParquetError) -> FileMetadata {
        var reader = CompactReader(bytes, fileOffset: fileOffset)
        var version: Int32 = 1
        var schema: Schema?
        var rows: Int?
        var groups: [RowGroupMetadata]?
        var pairs: [KeyValue] = []
        var createdBy: String?
        var orders: [ColumnOrder] = []
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: version = try reader.int32(field)
            case 2: schema = try Schema.read(&reader, field)
            case 3: rows = try reader.size(field)
            case 4:
                let count = try reader.list(field, of: .structure)
                var list: [RowGroupMetadata] = []
                for _ in 0..<count { list.append(try RowGroupMetadata(&reader)) }
                groups = list
            case 5: pairs = try KeyValue.list(&reader, field)
            case 6: createdBy = try reader.string(field)
            case 7:
                let count = try reader.list(field, of: .structure)
                for _ in 0..<count { orders.append(try ColumnOrder(&reader)) }
            default: try reader.skip(field)
            }
        }
        guard let schema, let rows, let groups else { throw reader.malformed("the footer lacks a required field") }
        try verify(groups, schema, reader)
        return FileMetadata(
            version: version,
            schema: schema,
            rowCount: rows,
            rowGroups: groups,
            keyValueMetadata: pairs,
            createdBy: createdBy,
            columnOrders: orders
        )
    }

    private static func verify(
        _ groups: [RowGroupMetadata],
        _ schema: Schema,
        _ reader: CompactReader
    ) throws(ParquetError) {
        for (number, group) in groups.enumerated() {
            guard group.columns.count == schema.columns.count else {
                throw reader.malformed(
                    "row group \(number) has \(group.columns.count) column chunks, the schema \(schema.columns.count)"
                )
            }
            for (chunk, column) in zip(group.columns, schema.columns)
            where chunk.typeNumber != column.type.number && !chunk.isEncrypted {
                throw reader.malformed(
                    "the chunk of \(column.name) in row group \(number) has another type than the schema says"
                )
            }
        }
    }

    /// The metadata as it stands in a file, without length and magic.
    public func encode() -> [UInt8] {
        var writer = CompactWriter()
        writer.bytes.append(FileMetadata.encodeStart(schema, version: version))
        encodeRest(to: &writer)
        return writer.bytes.copy()
    }

    /// The fields that do not depend on rows: version and schema.
    static func encodeStart(_ schema: Schema, version: Int32 = 2) -> [UInt8] {
        var writer = CompactWriter()
        writer.int32(1, version)
        schema.write(2, to: &writer)
        return writer.bytes.copy()
    }

    /// All other fields and the end, behind what ``encodeStart(_:version:)`` gave.
    func encodeRest(to writer: inout CompactWriter) {
        writer.continueStructure(after: 2)
        writer.int64(3, rowCount)
        writer.list(4, of: .structure, count: rowGroups.count)
        for (ordinal, group) in rowGroups.enumerated() {
            group.write(schema: schema, ordinal: ordinal, to: &writer)
        }
        if !keyValueMetadata.isEmpty { KeyValue.write(keyValueMetadata, 5, to: &writer) }
        if let createdBy { writer.string(6, createdBy) }
        if !columnOrders.isEmpty {
            writer.list(7, of: .structure, count: columnOrders.count)
            for order in columnOrders { order.write(to: &writer) }
        }
        writer.end()
    }
}
