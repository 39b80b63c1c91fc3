/// What checking a column's data found out about it.
struct ColumnShape {
    /// How many rows it has.
    var rowCount: Int
    /// How many slots, nulls included.
    var slotCount: Int
    /// How many values.
    var valueCount: Int
    /// The length of all values of a byte column.
    var payloadBytes: Int
}

extension ColumnPlan {
    /// The longest byte string; a page's length has 31 bits.
    private static var longestValue: Int { 1 << 30 }

    /// Checks all that encoding relies on: lengths, levels, that views lie inside their buffers.
    func validate(_ data: ColumnData) throws(ParquetError) -> ColumnShape {
        let valueCount = try countValues(data.values)
        let slotCount = data.definitionLevels?.count ?? valueCount
        try validate(definitionLevels: data.definitionLevels, valueCount)
        let rowCount = try countRows(data.repetitionLevels, slotCount)
        var payloadBytes = 0
        if case .bytes(let values) = data.values { payloadBytes = try validate(values) }
        return ColumnShape(
            rowCount: rowCount,
            slotCount: slotCount,
            valueCount: valueCount,
            payloadBytes: payloadBytes
        )
    }

    private func countValues(_ values: ColumnValues) throws(ParquetError) -> Int {
        switch (column.type, values) {
        case (.boolean, .boolean(let values)): return values.count
        case (.int32, .int32(let values)): return values.count
        case (.int64, .int64(let values)): return values.count
        case (.float, .float(let values)): return values.count
        case (.double, .double(let values)): return values.count
        case (.byteArray, .bytes(let values)), (.fixedLengthByteArray, .bytes(let values)): return values.count
        default: throw invalid("the values are not of the column's type \(column.type)")
        }
    }

    private func validate(definitionLevels levels: [UInt8]?, _ valueCount: Int) throws(ParquetError) {
        guard let levels else { return }
        let maximum = UInt8(column.maximumDefinitionLevel)
        var present = 0
        var highest: UInt8 = 0
        for level in levels {
            highest = max(highest, level)
            present += level == maximum ? 1 : 0
        }
        if highest > maximum { throw invalid("a definition level is \(highest), but the schema allows \(maximum)") }
        if present != valueCount {
            throw invalid("the definition levels promise \(present) values, but there are \(valueCount)")
        }
    }

    private func countRows(_ levels: [UInt8]?, _ slotCount: Int) throws(ParquetError) -> Int {
        guard let levels else {
            // Without levels each slot would be a row, which a repeated column can mean just as well.
            return slotCount
        }
        guard levels.count == slotCount else {
            throw invalid("there are \(levels.count) repetition levels for \(slotCount) slots")
        }
        if let first = levels.first, first != 0 { throw invalid("the first repetition level is \(first), not 0") }
        var rows = 0
        var highest: UInt8 = 0
        for level in levels {
            highest = max(highest, level)
            rows += level == 0 ? 1 : 0
        }
        if Int(highest) > column.maximumRepetitionLevel {
            throw invalid("a repetition level is \(highest), but the schema allows \(column.maximumRepetitionLevel)")
        }
        return rows
    }

    private func validate(_ values: ByteArrays) throws(ParquetError) -> Int {
        let buffers = values.buffers
        var total = 0
        var buffer = UInt32.max
        var limit = 0
        for (index, view) in values.views.enumerated() {
            if view.isNull {
                throw invalid("value \(index) is a null view; nulls are told by levels, see ColumnData(nullable:)")
            }
            if view.buffer != buffer {
                guard Int(view.buffer) < buffers.count || view.length == 0 else {
                    throw invalid("value \(index) is in buffer \(view.buffer) of \(buffers.count)")
                }
                buffer = view.buffer
                limit = Int(view.buffer) < buffers.count ? buffers[Int(view.buffer)].count : 0
            }
            let length = Int(view.length)
            guard Int(view.offset) + length <= limit || length == 0 else {
                throw invalid("value \(index) reaches beyond its buffer")
            }
            if let fixedLength, length != fixedLength {
                throw invalid("value \(index) has \(length) bytes, not \(fixedLength)")
            }
            if length > Self.longestValue {
                throw invalid("value \(index) has \(length) bytes; Parquet pages hold up to \(Self.longestValue)")
            }
            total += length
        }
        return total
    }

    private func invalid(_ message: String) -> ParquetError {
        ParquetError(.invalidArgument, "column \(column.name): \(message)")
    }
}
