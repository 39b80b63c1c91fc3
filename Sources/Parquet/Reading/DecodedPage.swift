/// The slots of one or more data pages once decoded.
struct DecodedPage {
    /// The values that are there, in order.
    var values: ColumnValues
    /// How many values there are.
    var valueCount: Int
    /// The definition levels; `nil` when no slot can be null.
    var definition: Levels?
    /// The repetition levels; `nil` when each slot is a row.
    var repetition: Levels?
    /// How many slots there are, nulls included.
    var slotCount: Int
    /// How many slots begin a row.
    var rowCount: Int

    /// Whether the first slot goes on with the row of the page before.
    var continuesRow: Bool {
        guard let repetition, slotCount > 0 else { return false }
        return (repetition.values?[0] ?? repetition.uniform) > 0
    }

    /// Adds the slots of the next page.
    mutating func append(_ next: DecodedPage) throws(ParquetError) {
        try values.append(next.values)
        valueCount += next.valueCount
        definition.append(next.definition)
        repetition.append(next.repetition)
        slotCount += next.slotCount
        rowCount += next.rowCount
    }
}

extension Levels? {
    /// Adds the levels of the next page; both or neither are there.
    fileprivate mutating func append(_ next: Levels?) {
        guard var levels = self, let next else { return }
        self = nil
        if levels.values == nil, next.values == nil, levels.uniform == next.uniform {
            levels.count += next.count
        } else {
            var values = levels.array()
            levels.values = nil
            if let more = next.values {
                values += more
            } else {
                values += repeatElement(next.uniform, count: next.count)
            }
            levels = Levels(values: values, uniform: 0, count: values.count)
        }
        self = levels
    }
}
