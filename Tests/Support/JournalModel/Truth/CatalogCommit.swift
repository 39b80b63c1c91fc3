import EventJournal
import Foundation

/// What a commit of the catalog says it absorbed, read with nothing of the journal's own code.
struct CatalogCommit: Sendable {
    /// The batches it took out of the inbox.
    var absorbed: [UUIDv7] = []

    struct NotACommit: Error, CustomStringConvertible {
        var key: String
        var description: String { "\(key) is no commit as the format has it" }
    }

    /// Reads lines of JSON, of which one may be the domain `highwater.inbox`.
    init(key: String, bytes: [UInt8]) throws {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let action = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else {
                throw NotACommit(key: key)
            }
            guard let domain = action["domainMetadata"] as? [String: Any],
                domain["domain"] as? String == "highwater.inbox"
            else { continue }
            guard let text = domain["configuration"] as? String,
                let inbox = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
                let new = inbox["new"] as? String, let ids = Self.batchIDs(new)
            else { throw NotACommit(key: key) }
            absorbed += ids
        }
    }

    /// Batch ids of 16 bytes each, in base64 of RFC 4648 section 5.
    private static func batchIDs(_ text: String) -> [UUIDv7]? {
        var standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        standard += String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        guard let bytes = Data(base64Encoded: standard).map(Array.init), bytes.count % 16 == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: 16)
            .compactMap { start in
                let digits = bytes[start..<start + 16].map { String(256 + Int($0), radix: 16).suffix(2) }.joined()
                let groups = [(0, 8), (8, 4), (12, 4), (16, 4), (20, 12)]
                let text = groups.map { digits.dropFirst($0.0).prefix($0.1) }.joined(separator: "-")
                return UUIDv7(text)
            }
    }
}
