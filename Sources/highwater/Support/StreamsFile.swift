internal import ArgumentParser
internal import EventImport
internal import EventJournal
internal import ObjectStorage

/// A manifest of streams in a file.
enum StreamsFile {
    /// More than a million streams have.
    private static let maximumBytes = 2 << 30

    /// Reads a manifest, which may be compressed.
    ///
    /// - Parameter path: `-` is standard input.
    /// - Returns: The manifest.
    /// - Throws: `InputError`, ``CommandError``, or what the manifest throws.
    static func read(_ path: String) async throws -> EventStreams {
        let bytes = try await IOThreads.shared.run { try load(path) }
        return try EventStreams(parsing: bytes)
    }

    private static func load(_ path: String) throws -> [UInt8] {
        let source = try InputSource(path: path)
        var bytes: [UInt8] = []
        while true {
            let piece = try unsafe [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
                count = try unsafe source.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if piece.isEmpty { return bytes }
            bytes += piece
            guard bytes.count <= maximumBytes else {
                throw CommandError(
                    status: Failure.usage,
                    message: "\(path) is larger than \(Text.bytes(maximumBytes)); is it a manifest?"
                )
            }
        }
    }
}

/// A share on the command line: `2/8`.
struct ShareArgument: ExpressibleByArgument {
    let share: EventStreams.Share

    init?(argument: String) {
        guard let share = EventStreams.Share(argument) else { return nil }
        self.share = share
    }
}
