internal import BenchmarkTiming
internal import NATSStreams
internal import RecordStreams

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// How fast records go into a NATS stream: `nats-benchmark URL EVENTS [BATCH [ids]]`.
///
/// EVENTS is the file of the peer benchmark, `{"event_id":"<36>","timestamp":"<27>","key":"…","data":{…}}` a line; a
/// record is what its `nats` peer publishes: the id is the key, and `TIMESTAMP KEY LF PAYLOAD` the body. All are in
/// memory before the clock starts. BATCH records go into each send, 1,000 unless it says otherwise; with `ids` each
/// record carries its id, so that the stream would store it once. Prints the records and the seconds; `measure.py` runs
/// the peer beside it.
@main
struct NATSBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 2, let records = records(in: arguments[2], hasIDs: arguments.last == "ids") else {
            print("usage: nats-benchmark URL EVENTS [BATCH [ids]]")
            return
        }
        let batch = arguments.count > 3 ? max(1, Int(arguments[3]) ?? 1000) : 1000
        let stream = try NATSStream(url: arguments[1])
        // Connected, as the peer is.
        _ = try await stream.shards()
        let begin = Moment()
        for start in stride(from: 0, to: records.count, by: batch) {
            try await stream.send(Array(records[start..<min(start + batch, records.count)]))
        }
        let (seconds, processor) = (begin.seconds, begin.cpuSeconds)
        print("{\"records\":\(records.count),\"seconds\":\(seconds),\"processor\":\(processor)}")
    }

    /// The records of a file; `nil` when it cannot be read.
    private static func records(in path: String, hasIDs: Bool) -> [OutgoingRecord]? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var records: [OutgoingRecord] = []
        var line = [CChar](repeating: 0, count: 1 << 20)
        while true {
            let length: Int? = unsafe line.withUnsafeMutableBufferPointer { buffer in
                guard let start = buffer.baseAddress else { return nil }
                return unsafe fgets(start, Int32(buffer.count), file) == nil ? nil : unsafe strlen(start)
            }
            guard let length else { return records }
            let bytes = line[..<length].map { UInt8(bitPattern: $0) }
            guard bytes.count > 110, let end = bytes[100...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            let id = String(decoding: bytes[13..<49], as: UTF8.self)
            let body = bytes[64..<91] + [0x20] + bytes[100..<end] + [0x0A] + bytes[(end + 9)..<(bytes.count - 2)]
            records.append(OutgoingRecord(key: id, data: Array(body), id: hasIDs ? id : nil))
        }
    }
}
