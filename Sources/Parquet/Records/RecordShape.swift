/// How the values of a field are put together from levels: the field with its list and map groups understood.
///
/// Source: Apache Parquet format, `LogicalTypes.md`, "Nested Types" with its rules for lists and maps of older writers.
public struct RecordShape: Sendable, Hashable {
    /// What a value of the field is.
    public indirect enum Kind: Sendable, Hashable {
        /// A value of the leaf with this position among the columns.
        case leaf(Int)
        /// One value for each field.
        case structure([RecordShape])
        /// Any number of values; an element is there at definition level `definition` and repeats at `repetition`.
        case list(RecordShape, definition: Int, repetition: Int)
        /// Any number of entries; without a value shape the map is a set of keys.
        case map(key: RecordShape, value: RecordShape?, definition: Int, repetition: Int)
    }

    /// The field's name.
    public var name: String
    /// What a value is.
    public var kind: Kind
    /// Whether a value may be null.
    public var isNullable: Bool
    /// The definition level from which on a value is there.
    var definition: Int
    /// The leaves beneath, by their positions among the columns.
    var leaves: Range<Int>

    /// The shapes of the fields of a schema.
    public static func shapes(of schema: Schema) -> [RecordShape] {
        var leaf = 0
        return schema.fields.map { shape($0, definition: 0, repetition: 0, &leaf) }
    }

    // MARK: From fields to shapes

    private static func shape(_ field: Field, definition: Int, repetition: Int, _ leaf: inout Int) -> RecordShape {
        let first = leaf
        switch field.repetition {
        case .repeated:
            // Repeated without a list around it: a list that is never null, of elements that are never null.
            var element = field
            element.repetition = .required
            let shape = shape(element, definition: definition + 1, repetition: repetition + 1, &leaf)
            return RecordShape(
                name: field.name,
                kind: .list(shape, definition: definition + 1, repetition: repetition + 1),
                isNullable: false,
                definition: definition,
                leaves: first..<leaf
            )
        case .required, .optional:
            let isNullable = field.repetition == .optional
            let level = definition + (isNullable ? 1 : 0)
            let kind = kind(of: field, definition: level, repetition: repetition, &leaf)
            return RecordShape(
                name: field.name,
                kind: kind,
                isNullable: isNullable,
                definition: level,
                leaves: first..<leaf
            )
        }
    }

    private static func kind(of field: Field, definition: Int, repetition: Int, _ leaf: inout Int) -> Kind {
        switch field.kind {
        case .leaf:
            leaf += 1
            return .leaf(leaf - 1)
        case .group(let children, let type):
            if children.count == 1, children[0].repetition == .repeated {
                if type == .list { return list(field.name, children[0], definition + 1, repetition + 1, &leaf) }
                if type == .map, case .group(let entry, _) = children[0].kind, 1...2 ~= entry.count {
                    let key = shape(entry[0], definition: definition + 1, repetition: repetition + 1, &leaf)
                    let value = entry.dropFirst().first
                        .map {
                            shape($0, definition: definition + 1, repetition: repetition + 1, &leaf)
                        }
                    return .map(key: key, value: value, definition: definition + 1, repetition: repetition + 1)
                }
            }
            return .structure(children.map { shape($0, definition: definition, repetition: repetition, &leaf) })
        }
    }

    /// The list whose repeated node is `repeated`; the levels are those of an element that is there.
    private static func list(
        _ name: String,
        _ repeated: Field,
        _ definition: Int,
        _ repetition: Int,
        _ leaf: inout Int
    ) -> Kind {
        var element = repeated
        element.repetition = .required
        if case .group(let children, let type) = repeated.kind, children.count == 1,
            children[0].repetition != .repeated, type != .list, type != .map, repeated.name != "array",
            repeated.name != name + "_tuple"
        {
            element = children[0]
        }
        let shape = shape(element, definition: definition, repetition: repetition, &leaf)
        return .list(shape, definition: definition, repetition: repetition)
    }
}
