/// Names the types that this module does not read.
enum UnsupportedFeatures {
    /// For each leaf of a schema the name of the type that keeps it from being read, or `nil`.
    static func names(in schema: Schema) -> [String?] {
        var names: [String?] = []
        for field in schema.fields { collect(field, inherited: nil, into: &names) }
        return names
    }

    private static func collect(_ field: Field, inherited: String?, into names: inout [String?]) {
        switch field.kind {
        case .leaf(let type, let logical):
            names.append(inherited ?? name(of: logical) ?? (type == .int96 ? "the deprecated type INT96" : nil))
        case .group(let children, let logical):
            let obstacle = inherited ?? name(of: logical)
            for child in children { collect(child, inherited: obstacle, into: &names) }
        }
    }

    /// Field numbers of the union LogicalType in `parquet.thrift`; other unknown ones are read as their physical type.
    private static func name(of type: LogicalType?) -> String? {
        switch type {
        case .unknown(16): "the logical type VARIANT"
        case .unknown(17): "the logical type GEOMETRY"
        case .unknown(18): "the logical type GEOGRAPHY"
        default: nil
        }
    }
}
