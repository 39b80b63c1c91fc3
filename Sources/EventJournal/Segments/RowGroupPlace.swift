internal import Parquet
internal import TextEncoding

/// Where a row group of a compacted segment is, so that one event costs one get, without the footer.
struct RowGroupPlace: Sendable, Hashable {
    /// How many rows it has.
    var rows: Int
    /// The lowest timestamp inside, in microseconds.
    var first: Int64
    /// The highest.
    var last: Int64
    /// The payload bytes of its rows together.
    var payloadBytes: Int
    /// Where its bytes begin in the object.
    var offset: Int
    /// The columns, in the order of ``SegmentColumn/compacted``; they follow one another without a gap.
    var columns: [Column]
    /// How many bytes promoted columns take behind them, which no reader of events needs.
    var promotedBytes = 0

    /// The part of a row group that a column takes.
    struct Column: Sendable, Hashable {
        var bytes: Int
        /// Whether its pages are compressed, by zstd; what does not shrink is stored as it is.
        var isCompressed: Bool
    }

    /// How many bytes it takes in the object, promoted columns not counted.
    var bytes: Int { columns.reduce(0) { $0 + $1.bytes } }

    /// What a footer would say of a file that holds this row group and nothing else.
    var metadata: FileMetadata {
        var start = 0
        let chunks = columns.map { column in
            var chunk = ColumnChunkMetadata()
            chunk.codec = column.isCompressed ? .zstd : .uncompressed
            chunk.valueCount = rows
            chunk.compressedByteCount = column.bytes
            chunk.dataPageOffset = start
            start += column.bytes
            return chunk
        }
        let group = RowGroupMetadata(columns: chunks, uncompressedByteCount: 0, rowCount: rows)
        return FileMetadata(schema: SegmentColumn.compactedSchema, rowCount: rows, rowGroups: [group])
    }
}

/// The row groups of a segment as text: what the tag `highwater.groups` of the catalog holds.
///
/// Base64 (RFC 4648 section 5, without padding) of unsigned LEB128 numbers: the offset of the first row group, then for
/// each one rows, first timestamp (the first of all zigzag-encoded, the others as distance from that of the one
/// before), distance of the last timestamp from the first, payload bytes, and for each column twice its bytes, and one
/// more when compressed; where there are promoted columns, also the bytes of all of them. Some 30 bytes for 4 MiB of
/// payload.
enum RowGroupDirectory {
    /// Whether there are promoted columns.
    static func isWide(_ groups: [RowGroupPlace]) -> Bool { groups.contains { $0.promotedBytes > 0 } }

    /// The text for row groups.
    ///
    /// - Parameter groups: Not empty, without gaps between them, first timestamps ascending.
    /// - Returns: What ``decode(_:isWide:objectBytes:)`` reads, wide where ``isWide(_:)`` is.
    static func encode(_ groups: [RowGroupPlace]) -> String {
        let isWide = isWide(groups)
        var bytes: [UInt8] = []
        func add(_ number: UInt64) {
            var rest = number
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }
        add(UInt64(groups.first?.offset ?? 0))
        var before: Int64?
        for group in groups {
            add(UInt64(group.rows))
            if let before {
                add(UInt64(bitPattern: group.first &- before))
            } else {
                add(UInt64(bitPattern: (group.first << 1) ^ (group.first >> 63)))
            }
            before = group.first
            add(UInt64(bitPattern: group.last &- group.first))
            add(UInt64(group.payloadBytes))
            for column in group.columns { add(UInt64(column.bytes) << 1 | (column.isCompressed ? 1 : 0)) }
            if isWide { add(UInt64(group.promotedBytes)) }
        }
        return Base64.encode(bytes, forURL: true)
    }

    /// Reads the text, or returns `nil` when it is not such a directory of an object of that size.
    static func decode(_ text: String, isWide: Bool, objectBytes: Int) -> [RowGroupPlace]? {
        guard let bytes = Base64.decode(text) else { return nil }
        var position = 0
        func next() -> UInt64? {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while position < bytes.count, shift < 64 {
                let byte = bytes[position]
                position += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
                shift += 7
            }
            return nil
        }
        func size() -> Int? { next().flatMap(Int.init(exactly:)).flatMap { $0 <= 1 << 48 ? $0 : nil } }
        guard var offset = size() else { return nil }
        var groups: [RowGroupPlace] = []
        while position < bytes.count {
            guard let rows = size(), rows > 0, let step = next(), let span = next(), let payloadBytes = size() else {
                return nil
            }
            let first =
                if let before = groups.last?.first {
                    before &+ Int64(bitPattern: step)
                } else {
                    Int64(bitPattern: step >> 1) ^ -Int64(bitPattern: step & 1)
                }
            var group = RowGroupPlace(
                rows: rows,
                first: first,
                last: first &+ Int64(bitPattern: span),
                payloadBytes: payloadBytes,
                offset: offset,
                columns: []
            )
            guard group.first <= group.last, groups.last.map({ $0.last <= group.first }) ?? true else { return nil }
            for _ in SegmentColumn.compacted {
                guard let bytes = size() else { return nil }
                group.columns.append(RowGroupPlace.Column(bytes: bytes >> 1, isCompressed: bytes & 1 == 1))
                offset += bytes >> 1
            }
            if isWide {
                guard let bytes = size() else { return nil }
                group.promotedBytes = bytes
                offset += bytes
            }
            guard offset <= objectBytes else { return nil }
            groups.append(group)
        }
        return groups.isEmpty ? nil : groups
    }
}
