internal import EventJournal
internal import Parquet

/// Names the records of a batch, so that a stream that remembers ids stores what a job repeats once.
///
/// An id says which job, which event, and what the batch held up to it. So the repetition of a batch has the ids it
/// had, while another job, even of the same events, has others. When the journal changed between a batch and its
/// repetition, ids are new from the change on: were what stands behind a late event taken for known, that event would
/// be the last of its key in the stream, which it is not.
struct RecordIDs {
    private let job: UInt64
    private var chain: UInt64

    init(job: String) {
        self.job = BloomFilter.hash(job.utf8)
        chain = self.job
    }

    /// The id of the next record of the batch: 32 hexadecimal digits, by XXH64 of its event's id and its payload.
    mutating func next(of batch: EventBatch, at row: Int) -> String {
        let event = unsafe batch.ids.withBytes(at: row) { unsafe BloomFilter.hash($0) }
        let payload = unsafe batch.payloads.withBytes(at: row) { unsafe BloomFilter.hash($0) }
        chain = Self.mixed(Self.mixed(chain ^ event) ^ payload)
        // Two numbers, so that a collision among the hundred million records of a window is out of the question.
        return Self.digits(Self.mixed(job ^ event)) + Self.digits(chain)
    }

    /// Every bit changes every other one: the finalizer of MurmurHash3, which loses nothing.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value ^= value >> 33
        value &*= 0xFF51_AFD7_ED55_8CCD
        value ^= value >> 33
        value &*= 0xC4CE_B9FE_1A85_EC53
        value ^= value >> 33
        return value
    }

    private static func digits(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}
