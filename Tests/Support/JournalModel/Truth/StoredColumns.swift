import EventJournal
import Foundation
import Parquet

/// The payloads and promoted columns of a file, read with nothing of the journal's own code but the Parquet reader.
struct StoredColumns {
    private var payloads: [[UInt8]] = []
    /// The values of each promoted column, row by row.
    private var values: [String: [ColumnValue?]] = [:]

    /// Names of the promoted columns.
    var names: Set<String> { Set(values.keys) }

    private static let own: Set = [
        "event_id", "timestamp", "key", "source", "sequence", "data", "data_bytes", "batch_id",
    ]

    init(_ bytes: [UInt8]) throws {
        let file = try ParquetFile(bytes: bytes)
        let names = file.metadata.schema.columns.map { $0.path.joined(separator: ".") }
        let promoted = names.indices.filter { !Self.own.contains(names[$0]) }
        let data = ["data", "data_bytes"].compactMap { names.firstIndex(of: $0) }
        guard data.count == 2 else { throw Violation("a file has no payloads") }
        for column in promoted { values[names[column]] = [] }
        for group in file.metadata.rowGroups.indices {
            var decoder = try file.decoder(file.plan(rowGroup: group, columns: data + promoted, rows: nil))
            while let batch = try decoder.next() {
                let (text, binary) = (try batch.columns[0].spaced(), try batch.columns[1].spaced())
                for row in 0..<batch.rowCount { payloads.append(text[row] ?? binary[row] ?? []) }
                for (place, column) in promoted.enumerated() {
                    values[names[column]]? += try Self.values(batch.columns[2 + place], batch.rowCount)
                }
            }
        }
    }

    private static func values(_ column: ColumnData, _ rows: Int) throws -> [ColumnValue?] {
        if case .bytes = column.values {
            let texts = try column.spaced()
            return (0..<rows).map { row in texts[row].map { ColumnValue.text($0) } }
        }
        let dense: [ColumnValue] =
            switch column.values {
            case .int64(let numbers): numbers.map { .integer($0) }
            case .double(let numbers): numbers.map { .number($0) }
            case .boolean(let truths): truths.map { .boolean($0) }
            default: throw Violation("a promoted column has values of a type that none has")
            }
        guard let levels = column.definitionLevels else { return dense }
        var next = dense.makeIterator()
        return levels.map { $0 == 1 ? next.next() : nil }
    }

    /// Checks each value of each column against the payload in its row.
    ///
    /// - Parameters:
    ///   - definitions: Of the columns, those that are not in the file among them.
    ///   - what: What the file is, for the violation.
    /// - Throws: ``Violation``.
    func check(_ definitions: [String], _ what: String) throws {
        for definition in definitions {
            let name = ColumnsState.name(of: definition)
            guard let values = values[name] else { continue }
            try require(values.count == payloads.count, "\(what) has \(values.count) rows in \(name)")
            for (payload, value) in zip(payloads, values) {
                let right = ModelPayload.value(of: definition, in: payload)
                try require(
                    value == right,
                    "\(what) has \(value.short) in \(definition), not \(right.short), for \(ModelPayload.short(payload))"
                )
            }
        }
    }

    /// Checks what statistics say of each promoted column.
    ///
    /// - Throws: ``Violation``.
    func checkStatistics(_ json: String, _ what: String) throws {
        let document = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] ?? [:]
        func said(_ part: String, _ name: String) -> Any? { (document[part] as? [String: Any])?[name] }
        for (name, values) in values {
            let (there, nulls) = (values.compactMap(\.self), said("nullCount", name) as? Int)
            try require(
                nulls == values.count - there.count,
                "\(what) is said to have \(nulls ?? -1) nulls in \(name), not \(values.count - there.count)"
            )
            let (low, high) = (said("minValues", name), said("maxValues", name))
            if there.isEmpty {
                try require(low == nil && high == nil, "\(what) is said to have bounds of \(name), and has no value")
                continue
            }
            for value in there {
                try require(
                    value.isWithin(low, high),
                    "\(what) is said to have \(low ?? "nothing") to \(high ?? "nothing") in \(name), and has \(value)"
                )
            }
        }
    }
}

extension ColumnValue? {
    fileprivate var short: String { self.map { "\($0)" } ?? "null" }
}

extension ColumnValue {
    /// Whether bounds of statistics hold of it; there must be some.
    fileprivate func isWithin(_ low: Any?, _ high: Any?) -> Bool {
        switch self {
        case .integer(let number):
            if let low = low as? String, let high = high as? String {
                // A moment, by milliseconds.
                guard let low = Timestamp(rfc3339: low), let high = Timestamp(rfc3339: high) else { return false }
                return low.microseconds <= number && number <= high.microseconds
                    && number - low.microseconds < 2_000_000_000_000_000
            }
            guard let low = (low as? NSNumber)?.int64Value, let high = (high as? NSNumber)?.int64Value else {
                return false
            }
            return low <= number && number <= high
        case .number(let number):
            guard let low = (low as? NSNumber)?.doubleValue, let high = (high as? NSNumber)?.doubleValue else {
                return false
            }
            return low <= number && number <= high
        case .boolean: return low as? Bool == false && high as? Bool == true
        case .text(let bytes):
            guard let low = low as? String, let high = high as? String else { return false }
            return !bytes.lexicographicallyPrecedes(Array(low.utf8))
                && !Array(high.utf8).lexicographicallyPrecedes(bytes)
        }
    }
}
