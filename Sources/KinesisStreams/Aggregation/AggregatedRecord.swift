internal import Crypto

/// Records that the Kinesis Producer Library packed into one.
///
/// Source: amazon-kinesis-producer, `aggregation-format.md`: the bytes `F3 89 9A C2`, a Protocol Buffers message
/// `AggregatedRecord`, and the MD5 of that message.
struct AggregatedRecord {
    /// One of the records.
    struct Part: Hashable {
        var key: String
        var data: [UInt8]
    }

    /// In the order they were packed; at least one.
    let parts: [Part]

    private static let magic: [UInt8] = [0xF3, 0x89, 0x9A, 0xC2]
    private static let digestBytes = 16
    /// A partition key has at most 256 characters.
    private static let keyBytes = 1024

    /// Takes the data of a record apart; `nil` when it is not aggregated.
    ///
    /// Data that begins as an aggregated record does and then is none, by its checksum or by its message, is a record
    /// like any other, as it is for Amazon's own libraries: nothing is lost.
    ///
    /// - Complexity: O(n) of the bytes.
    init?(_ data: [UInt8]) {
        let overhead = Self.magic.count + Self.digestBytes
        guard data.count > overhead, data.starts(with: Self.magic) else { return nil }
        let message = Self.magic.count..<(data.count - Self.digestBytes)
        guard Insecure.MD5.hash(data: data[message]).elementsEqual(data[message.upperBound...]) else { return nil }
        do throws(ProtobufReader.Malformed) {
            parts = try Self.parts(data, message)
        } catch {
            return nil
        }
    }

    private static func parts(_ data: [UInt8], _ message: Range<Int>) throws(ProtobufReader.Malformed) -> [Part] {
        var keys: [String] = []
        var records: [Range<Int>] = []
        var reader = try ProtobufReader(data, message)
        while let (number, value) = try reader.next() {
            switch (number, value) {
            case (1, .bytes(let range)):
                guard range.count <= keyBytes, let key = String(validating: data[range], as: UTF8.self) else {
                    throw ProtobufReader.Malformed()
                }
                keys.append(key)
            case (3, .bytes(let range)): records.append(range)
            case (1, _), (3, _): throw ProtobufReader.Malformed()
            default: continue
            }
        }
        if records.isEmpty { throw ProtobufReader.Malformed() }
        var parts: [Part] = []
        parts.reserveCapacity(records.count)
        for range in records { parts.append(try part(data, range, keys)) }
        return parts
    }

    private static func part(
        _ data: [UInt8],
        _ range: Range<Int>,
        _ keys: [String]
    ) throws(ProtobufReader.Malformed) -> Part {
        var key: String?
        var payload: Range<Int>?
        var reader = try ProtobufReader(data, range)
        while let (number, value) = try reader.next() {
            switch (number, value) {
            case (1, .varint(let index)):
                guard index < UInt64(keys.count) else { throw ProtobufReader.Malformed() }
                key = keys[Int(index)]
            case (3, .bytes(let range)): payload = range
            case (1, _), (3, _): throw ProtobufReader.Malformed()
            default: continue
            }
        }
        guard let key, let payload else { throw ProtobufReader.Malformed() }
        return Part(key: key, data: Array(data[payload]))
    }
}
