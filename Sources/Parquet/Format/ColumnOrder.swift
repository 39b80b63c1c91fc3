/// By which order the bounds of a column are minimum and maximum.
///
/// Source: Apache Parquet format, `parquet.thrift` (ColumnOrder).
public enum ColumnOrder: Sendable, Hashable {
    /// The order the type defines: signed or unsigned numbers, bytes as unsigned.
    case typeDefined
    /// The total order of IEEE 754, for floating-point columns.
    case ieee754Total
    /// One this module does not know; the column's statistics must not be used.
    case unknown(Int)
}

extension ColumnOrder {
    init(_ reader: inout CompactReader) throws(ParquetError) {
        self = .unknown(0)
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: self = .typeDefined
            case 2: self = .ieee754Total
            default: self = .unknown(Int(field.id))
            }
            try reader.skip(field)
        }
    }

    func write(to writer: inout CompactWriter) {
        writer.structure { writer in
            switch self {
            case .typeDefined: writer.structure(1) { _ in }
            case .ieee754Total: writer.structure(2) { _ in }
            // Written without a member, which every reader takes as unknown.
            case .unknown: break
            }
        }
    }
}
