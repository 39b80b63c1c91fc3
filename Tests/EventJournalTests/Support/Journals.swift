public import EventJournal
import Foundation
import ObjectStorage
import ObjectStorageTesting
public import Testing

/// A fresh directory that goes away with the object.
final class ScratchDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("highwater-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension Journal {
    /// Every event of a range, copied.
    func collect(after: Timestamp? = nil, through: Timestamp? = nil, options: ReplayOptions = .init()) async throws
        -> [Event]
    {
        var events: [Event] = []
        for try await batch in replay(after: after, through: through, options: options) {
            events.append(contentsOf: (0..<batch.count).map { batch[$0] })
        }
        return events
    }
}

/// Moments by their number of microseconds.
extension Timestamp: ExpressibleByIntegerLiteral {
    /// So many microseconds after 1970 UTC.
    public init(integerLiteral value: Int64) { self.init(microseconds: value) }
}

/// A store whose puts take a while, so that callers meet.
struct SlowPutStore: ForwardingObjectStore {
    let base: any ObjectStore

    init(_ base: any ObjectStore) { self.base = base }

    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try await Task.sleep(for: .milliseconds(20))
        return try await base.put(key, bytes, mode: mode)
    }
}

extension Event: CustomTestStringConvertible {
    /// Short, since the runner prints the arguments of each case: the id and how much payload there is.
    public var testDescription: String { "\(id.prefix(40)) (\(data.count) bytes)" }
}
