/// How far a shard of a stream is archived: everything up to a position is in the journal.
///
/// It is in the footer of the segment that holds the records behind the checkpoint before, so that records and
/// checkpoint are stored by one put; compaction carries it into the catalog. See `docs/format.md`.
package struct StreamCheckpoint: Sendable, Hashable {
    /// The stream's name.
    package var stream: String
    /// The shard's.
    package var shard: String
    /// Counts the archivers that owned the shard; of two checkpoints that of the later owner counts.
    package var epoch: Int
    /// Behind the last record archived, in the words of the stream.
    package var position: String
    /// Whether the shard ends there.
    package var isEnded: Bool
    /// When the stream received the last record archived, in microseconds since 1970 UTC.
    package var arrival: Int64
    /// How many records of the shard were archived up to here.
    package var records: Int
    /// The segment that has it.
    package internal(set) var batchID: UUIDv7 = .zero

    package init(
        stream: String,
        shard: String,
        epoch: Int,
        position: String,
        isEnded: Bool,
        arrival: Int64,
        records: Int
    ) {
        self.stream = stream
        self.shard = shard
        self.epoch = epoch
        self.position = position
        self.isEnded = isEnded
        self.arrival = arrival
        self.records = records
    }

    /// Whether it takes the place of another of the same shard: batch ids of one owner ascend.
    func supersedes(_ other: StreamCheckpoint) -> Bool {
        epoch != other.epoch ? epoch > other.epoch : batchID > other.batchID
    }

    /// Whether a text can stand in a checkpoint: without characters that JSON escapes.
    package static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 512
            && text.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }
}

/// The checkpoints of all shards: the domain `highwater.streams` of the catalog, and the footer key of that name.
///
/// Both are JSON: `{"checkpoints":[{"stream":"…","shard":"…","epoch":1,"position":"…","ended":0,"arrival":0,
/// "records":1,"batch":"…"}]}`. In a footer there is no `batch`, since it is that of the segment.
struct StreamCheckpoints: Sendable, Hashable {
    static let name = "highwater.streams"

    private struct Key: Hashable {
        var stream: String
        var shard: String
    }

    private var entries: [Key: StreamCheckpoint] = [:]

    init() {}

    /// Whether there is none.
    var isEmpty: Bool { entries.isEmpty }

    /// All of them, by stream and shard.
    var all: [StreamCheckpoint] { entries.values.sorted { ($0.stream, $0.shard) < ($1.stream, $1.shard) } }

    /// Takes in a checkpoint, unless there is a later one of its shard.
    mutating func add(_ checkpoint: StreamCheckpoint) {
        let key = Key(stream: checkpoint.stream, shard: checkpoint.shard)
        if let known = entries[key], !checkpoint.supersedes(known) { return }
        entries[key] = checkpoint
    }

    /// Reads the text; `nil` when it is of another form.
    ///
    /// Members it does not know are passed over.
    ///
    /// - Parameters:
    ///   - text: JSON.
    ///   - batchID: The segment in whose footer it is.
    init?(_ text: String, batchID: UUIDv7? = nil) {
        var scanner = IndexJSONScanner(text)
        var found: [StreamCheckpoint] = []
        do throws(IndexJSONScanner.Malformed) {
            try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
                guard name == "checkpoints" else { return try scanner.skipValue() }
                try scanner.array { scanner throws(IndexJSONScanner.Malformed) in
                    found.append(try StreamCheckpoint(&scanner))
                }
            }
        } catch {
            return nil
        }
        guard scanner.isAtEnd else { return nil }
        for var checkpoint in found {
            if let batchID { checkpoint.batchID = batchID }
            add(checkpoint)
        }
    }

    /// The text of the domain.
    var text: String { StreamCheckpoints.text(all, withBatches: true) }

    /// The text of some checkpoints.
    static func text(_ checkpoints: [StreamCheckpoint], withBatches: Bool) -> String {
        let entries = checkpoints.map { checkpoint in
            "{\"stream\":\"\(checkpoint.stream)\",\"shard\":\"\(checkpoint.shard)\",\"epoch\":\(checkpoint.epoch),"
                + "\"position\":\"\(checkpoint.position)\",\"ended\":\(checkpoint.isEnded ? 1 : 0),"
                + "\"arrival\":\(checkpoint.arrival),\"records\":\(checkpoint.records)"
                + (withBatches ? ",\"batch\":\"\(checkpoint.batchID)\"}" : "}")
        }
        return "{\"checkpoints\":[" + entries.joined(separator: ",") + "]}"
    }
}

extension StreamCheckpoint {
    fileprivate init(_ scanner: inout IndexJSONScanner) throws(IndexJSONScanner.Malformed) {
        var (stream, shard, position): (String?, String?, String?)
        var (epoch, ended, arrival, records): (Int?, Int?, Int?, Int?)
        var batch: String?
        try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
            switch name {
            case "stream": stream = try scanner.string()
            case "shard": shard = try scanner.string()
            case "position": position = try scanner.string()
            case "epoch": epoch = try scanner.number()
            case "ended": ended = try scanner.number()
            case "arrival": arrival = try scanner.number()
            case "records": records = try scanner.number()
            case "batch": batch = try scanner.string()
            default: try scanner.skipValue()
            }
        }
        guard let stream, let shard, let position, let epoch else {
            throw IndexJSONScanner.Malformed(position: scanner.position)
        }
        self.init(
            stream: stream,
            shard: shard,
            epoch: epoch,
            position: position,
            isEnded: ended == 1,
            arrival: Int64(arrival ?? 0),
            records: records ?? 0
        )
        if let batch {
            guard let batchID = UUIDv7(utf8: Array(batch.utf8)[...]) else {
                throw IndexJSONScanner.Malformed(position: scanner.position)
            }
            self.batchID = batchID
        }
    }
}

extension StreamCheckpoint {
    /// When its segment was made, by the clock of the archiver: UUIDs of version 7 begin with it.
    package var committed: Timestamp { Timestamp(microseconds: batchID.milliseconds * 1000) }
}
