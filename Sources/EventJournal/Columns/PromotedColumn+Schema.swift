internal import DeltaLake
internal import Parquet

extension PromotedColumn {
    /// The column in a Parquet file.
    var field: Field {
        switch type {
        case .int64: .leaf(name, .int64, nil, .optional)
        case .float64: .leaf(name, .double, nil, .optional)
        case .boolean: .leaf(name, .boolean, nil, .optional)
        case .string: .leaf(name, .byteArray, .string, .optional)
        case .timestamp: .leaf(name, .int64, .timestamp(.microseconds, utc: true), .optional)
        }
    }

    /// The column in the schema of the catalog's table.
    var deltaField: DeltaSchema.Field {
        let deltaType: DeltaSchema.FieldType =
            switch type {
            case .int64: .long
            case .float64: .double
            case .boolean: .boolean
            case .string: .string
            case .timestamp: .timestamp
            }
        return DeltaSchema.Field(name, deltaType, isNullable: true)
    }
}
