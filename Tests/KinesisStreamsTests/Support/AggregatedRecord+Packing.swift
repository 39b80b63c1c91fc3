import Crypto

@testable import KinesisStreams

extension AggregatedRecord {
    /// A message behind the magic bytes and before its checksum.
    static func packed(_ message: [UInt8]) -> [UInt8] {
        [0xF3, 0x89, 0x9A, 0xC2] + message + Array(Insecure.MD5.hash(data: message))
    }
}
