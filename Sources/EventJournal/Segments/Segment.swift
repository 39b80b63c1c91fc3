/// One immutable Parquet object of a journal, as its name or the catalog tells it.
///
/// Of a segment that was just appended everything a reader needs to plan is in the name, so that one listing suffices:
///
///     _inbox/<batch id>_<first>_<last>_<events>_<payload bytes>_<object bytes>_<checksum>.parquet
///
/// The batch id is a UUID version 7; `first` and `last` are the lowest and highest timestamp inside, in microseconds
/// since 1970 UTC, with a minus sign before 1970; the checksum vouches for every byte. A segment of updates and deletes
/// ends with `.changes.parquet`. Of a compacted segment the catalog says the same. See `docs/format.md`.
public struct Segment: Sendable {
    /// How a segment came to be.
    public enum Kind: Sendable, Hashable {
        /// By one append, whose order among others is that of arrival; holds new events.
        case appended(UUIDv7)
        /// By one append; holds updates and deletes.
        case changes(UUIDv7)
        /// By a compaction; rows are ordered by (timestamp, batch id, row).
        case compacted
        /// By another program that rewrote files of the table; rows may be in any order.
        case foreign
    }

    /// The object's key, relative to the journal.
    public var key: String
    /// How it came to be.
    public var kind: Kind
    /// The earliest event.
    public var first: Timestamp
    /// The latest event.
    public var last: Timestamp
    /// How many rows it holds.
    public var events: Int
    /// How many bytes their payloads have together.
    public var payloadBytes: Int
    /// What the bytes of the object must add up to; `nil` when another program wrote it.
    public var checksum: SegmentChecksum?
    /// The size of the object in bytes.
    public var objectBytes: Int
    /// Where its row groups are, when the catalog says so.
    var rowGroups: [RowGroupPlace]?
    /// Names of the promoted columns that a compaction has filled, those that were removed since included.
    package internal(set) var filledColumns: Set<String> = []

    /// Describes a segment of one append.
    init(
        batchID: UUIDv7,
        isChanges: Bool = false,
        first: Timestamp,
        last: Timestamp,
        events: Int,
        payloadBytes: Int,
        checksum: SegmentChecksum,
        objectBytes: Int
    ) {
        let range = "\(first.microseconds)_\(last.microseconds)"
        let suffix = isChanges ? Segment.changesSuffix : Segment.suffix
        key = "\(Segment.inbox)\(batchID)_\(range)_\(events)_\(payloadBytes)_\(objectBytes)_\(checksum)\(suffix)"
        kind = isChanges ? .changes(batchID) : .appended(batchID)
        self.first = first
        self.last = last
        self.events = events
        self.payloadBytes = payloadBytes
        self.checksum = checksum
        self.objectBytes = objectBytes
    }

    /// Describes a segment of the catalog.
    init(
        catalogKey key: String,
        kind: Kind,
        first: Timestamp,
        last: Timestamp,
        events: Int,
        payloadBytes: Int,
        checksum: SegmentChecksum?,
        objectBytes: Int,
        rowGroups: [RowGroupPlace]?
    ) {
        self.key = key
        self.kind = kind
        self.first = first
        self.last = last
        self.events = events
        self.payloadBytes = payloadBytes
        self.checksum = checksum
        self.objectBytes = objectBytes
        self.rowGroups = rowGroups
    }

    /// Whether a segment begins before another; of those that begin together the key decides.
    static func isEarlier(_ left: Segment, _ right: Segment) -> Bool {
        left.first != right.first ? left.first < right.first : left.key < right.key
    }

    /// Names the append that made the segment; its order is the order of arrival.
    ///
    /// It is `nil` when it was not one append.
    public var batchID: UUIDv7? {
        switch kind {
        case .appended(let batchID), .changes(let batchID): batchID
        case .compacted, .foreign: nil
        }
    }

    /// Whether it is in the catalog, with rows of many appends.
    var isInCatalog: Bool { batchID == nil }
    /// Whether its rows are updates and deletes.
    var isChanges: Bool { if case .changes = kind { true } else { false } }

    /// The folder of segments that were just appended.
    static let inbox = "_inbox/"
    /// What their names end with.
    static let suffix = ".parquet"
    /// What the names of those with updates and deletes end with.
    static let changesSuffix = ".changes.parquet"
    /// The folder of compacted segments.
    static let folder = "segments/"

    /// Reads the description from an object's key.
    ///
    /// - Returns: `nil` when the key is not that of an inbox segment.
    init?(key: String) {
        let key = Array(key.utf8)
        guard key.starts(with: Segment.inbox.utf8), key.count > Segment.inbox.utf8.count + Segment.suffix.utf8.count,
            key.suffix(Segment.suffix.utf8.count).elementsEqual(Segment.suffix.utf8)
        else { return nil }
        let isChanges = key.suffix(Segment.changesSuffix.utf8.count).elementsEqual(Segment.changesSuffix.utf8)
        let suffix = isChanges ? Segment.changesSuffix : Segment.suffix
        guard key.count > Segment.inbox.utf8.count + suffix.utf8.count else { return nil }
        let stem = key.dropFirst(Segment.inbox.utf8.count).dropLast(suffix.utf8.count)
        let parts = stem.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        // One name has one form: that of the batch id is in lower case.
        guard parts.count == 7, let batchID = UUIDv7(utf8: parts[0]), batchID.text.elementsEqual(parts[0]),
            let first = Int64(decimal: parts[1]), let last = Int64(decimal: parts[2]),
            let events = Int64(decimal: parts[3]).flatMap(Int.init(exactly:)),
            let payloadBytes = Int64(decimal: parts[4]).flatMap(Int.init(exactly:)),
            let objectBytes = Int64(decimal: parts[5]).flatMap(Int.init(exactly:)),
            let checksum = SegmentChecksum(hexadecimal: parts[6]),
            first <= last, events > 0, events <= Segment.maximumEvents, payloadBytes >= 0, objectBytes > 0
        else { return nil }
        self.init(
            batchID: batchID,
            isChanges: isChanges,
            first: Timestamp(microseconds: first),
            last: Timestamp(microseconds: last),
            events: events,
            payloadBytes: payloadBytes,
            checksum: checksum,
            objectBytes: objectBytes
        )
    }

    /// Most events in one segment.
    static let maximumEvents = 1 << 30

    /// Whether an event of the range could be inside.
    func overlaps(_ range: EventRange) -> Bool { first <= range.through && last > range.after }
}

extension Segment: Hashable {
    /// Segments never change: the same key is the same segment.
    public static func == (left: Segment, right: Segment) -> Bool { left.key == right.key }
    /// Hashes the key.
    public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

extension Int64 {
    /// Reads a decimal number with an optional minus sign and no leading zeros, so that each has one form.
    fileprivate init?(decimal text: ArraySlice<UInt8>) {
        let negative = text.first == UInt8(ascii: "-")
        let digits = negative ? text.dropFirst() : text
        guard !digits.isEmpty, digits.count <= 19, digits.first != 48 || (digits.count == 1 && !negative) else {
            return nil
        }
        var value: Int64 = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(Int64(digit - 48))
            if overflow || carry { return nil }
            value = sum
        }
        if !negative, value == .min { return nil }
        self = negative ? value : -value
    }
}

/// A range of time as flash-flood had it: `after` is exclusive, `through` inclusive.
///
/// So the last timestamp seen can be handed in as the next `after`.
public struct EventRange: Sendable, Hashable {
    /// Events at this moment and before are left out.
    public var after: Timestamp
    /// Events behind this moment are left out.
    public var through: Timestamp

    /// A range; `nil` leaves a side open.
    ///
    /// The one event at ``Timestamp/min``, 292,277 years before our era, cannot be told from an open beginning and is
    /// refused by ``Journal/append(_:)-(EventBatch)``.
    public init(after: Timestamp? = nil, through: Timestamp? = nil) {
        self.after = after ?? .min
        self.through = through ?? .max
    }

    /// Every event.
    public static let all = EventRange()
}
