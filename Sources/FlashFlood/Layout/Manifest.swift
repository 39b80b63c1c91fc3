internal import Parquet

/// The events of a flash-flood journal and where their payloads lie in its blob, as columns.
struct Manifest: Sendable {
    /// Ids; the bytes need not be valid UTF-8 where a writer escaped halves of surrogate pairs.
    var ids = ByteArrays()
    /// Microseconds since 1970 UTC.
    var timestamps: [Int64] = []
    /// Where each payload begins in the blob.
    var offsets: [Int64] = []
    /// The bytes of each payload.
    var sizes: [Int64] = []

    /// How many events there are.
    var count: Int { timestamps.count }

    /// Reads a manifest: `{"journal_id", "from_date", "to_date", "size", "events": [{"event_id", "timestamp", "offset",
    /// "size"}, …]}`, of which only `events` matters.
    ///
    /// - Throws: ``ManifestFault``.
    /// - Complexity: O(n) in its bytes.
    init(_ json: [UInt8]) throws(ManifestFault) {
        var scanner = ManifestScanner(json)
        try scanner.read(into: &self)
    }

    init() {}
}

/// Why a manifest cannot be read.
struct ManifestFault: Error, Hashable {
    var reason: String
    /// Bytes from its start.
    var offset: Int

    var text: String { "\(reason), at byte \(offset)" }
}
