internal import DeltaLake

/// Names of what Highwater notes of a file in the catalog.
enum SegmentTag {
    /// The lowest timestamp, in microseconds since 1970 UTC.
    static let first = "highwater.first"
    /// The highest timestamp, in microseconds since 1970 UTC.
    static let last = "highwater.last"
    /// The bytes of all payloads.
    static let payload = "highwater.payload"
    /// The checksum of the object: ``SegmentChecksum``.
    static let checksum = "highwater.crc"
    /// Where the row groups are: ``RowGroupDirectory``.
    static let groups = "highwater.groups"
    /// The same of a file with promoted columns, in which row groups are longer than their event columns.
    static let wideGroups = "highwater.groups.wide"
    /// Names of the promoted columns that were filled, with commas between.
    static let columns = "highwater.columns"
}

extension Segment {
    /// The segment that a file of the table is.
    ///
    /// Without our tags another program made the file, and its statistics have to do.
    ///
    /// - Throws: ``JournalError/Code/damagedCatalog`` when neither says enough.
    init(_ add: DeltaAdd) throws {
        let statistics = add.stats.flatMap { try? DeltaStatistics(json: $0) }
        func missing(_ what: String) -> JournalError {
            JournalError(
                .damagedCatalog,
                "The catalog does not say \(what) of \(add.path); another program added the file without statistics. "
                    + "Remove it from the table, or have it rewritten with statistics.",
                object: add.path
            )
        }
        guard let events = statistics.flatMap({ Int(exactly: $0.numRecords) }), let size = Int(exactly: add.size)
        else {
            throw missing("how many rows there are")
        }
        func number(_ tag: String) -> Int64? { add.tags[tag].flatMap { Int64($0) } }
        if let first = number(SegmentTag.first), let last = number(SegmentTag.last), first <= last,
            let payload = number(SegmentTag.payload).flatMap({ Int(exactly: $0) }),
            let checksum = add.tags[SegmentTag.checksum]
                .flatMap({ SegmentChecksum(hexadecimal: Array($0.utf8)[...]) }),
            let groups = RowGroupDirectory.decode(add.tags, objectBytes: size),
            groups.reduce(0, { $0 + $1.rows }) == events
        {
            self.init(
                catalogKey: add.path,
                kind: .compacted,
                first: Timestamp(microseconds: first),
                last: Timestamp(microseconds: last),
                events: events,
                payloadBytes: payload,
                checksum: checksum,
                objectBytes: size,
                rowGroups: groups
            )
            filledColumns = Set((add.tags[SegmentTag.columns] ?? "").split(separator: ",").map(String.init))
            return
        }
        func bound(_ values: [String: DeltaStatistics.Value]?) -> Timestamp? {
            guard case .text(let text)? = values?[SegmentColumn.timestamp.name] else { return nil }
            return Timestamp(rfc3339: text)
        }
        guard let first = bound(statistics?.minValues), let last = bound(statistics?.maxValues)
        else { throw missing("the range of timestamps") }
        self.init(
            catalogKey: add.path,
            kind: .foreign,
            // The protocol lets statistics be cut to milliseconds, which for the highest means downwards.
            first: Timestamp(microseconds: first.microseconds),
            last: Timestamp(microseconds: last.microseconds.addingReportingOverflow(999).partialValue),
            events: events,
            // Until its footer is read this is a guess, which only plans with it.
            payloadBytes: size.multipliedReportingOverflow(by: 4).partialValue,
            checksum: nil,
            objectBytes: size,
            rowGroups: nil
        )
    }
}

extension RowGroupDirectory {
    /// The row groups that the tags of a file tell.
    fileprivate static func decode(_ tags: [String: String], objectBytes: Int) -> [RowGroupPlace]? {
        if let text = tags[SegmentTag.wideGroups] { return decode(text, isWide: true, objectBytes: objectBytes) }
        return tags[SegmentTag.groups].flatMap { decode($0, isWide: false, objectBytes: objectBytes) }
    }
}
