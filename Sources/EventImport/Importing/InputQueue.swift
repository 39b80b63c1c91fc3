internal import EventJournal
internal import ObjectStorage
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A stretch of one input that becomes one segment.
struct ImportUnit: Sendable {
    /// Its place among all units of the import, from 0.
    var number: Int
    /// The input's name.
    var input: String
    var blocks: [LineBlock]
    var inputBytes: Int
    var totalBytes: Int?
}

/// Reads the inputs of an import one after the other, off the threads that compute.
final class InputQueue: Sendable {
    private struct Open: ~Copyable {
        let source: InputSource
        var chunker: LineChunker
    }

    private struct State: ~Copyable {
        var waiting: ArraySlice<String>
        var open: Open?
        var nextNumber = 0
        /// Bytes of the inputs that are done.
        var doneBytes = 0
        /// Their length and that of the waiting ones; `nil` when one is not known.
        var totalBytes: Int?
        var failures: [InputError] = []
    }

    private let state: Mutex<State>
    /// A unit ends with the block in which it reaches so many lines, however short they are.
    private static let unitLines = 250_000
    private let unitBytes: Int
    /// A unit is read in blocks of about this length.
    private let blockLength: Int

    init(_ paths: [String], unitBytes: Int) {
        self.unitBytes = unitBytes
        blockLength = min(unitBytes, 4 << 20)
        state = Mutex(State(waiting: paths[...], open: nil, totalBytes: InputQueue.length(of: paths)))
    }

    /// Inputs that could not be read to their end so far.
    var failures: [InputError] { state.withLock { $0.failures } }

    /// Bytes read so far.
    var bytesRead: Int {
        state.withLock { state in
            let source = state.open?.source
            return state.doneBytes + (source?.bytesConsumed ?? 0)
        }
    }

    /// The next unit; `nil` behind the last input.
    func next() async throws -> ImportUnit? {
        try Task.checkCancellation()
        return try await IOThreads.shared.run { self.read() }
    }

    private func read() -> ImportUnit? {
        state.withLock { state in
            while true {
                if state.open == nil {
                    guard let path = state.waiting.popFirst() else { return nil }
                    do throws(InputError) {
                        let source = try InputSource(path: path)
                        state.open = Open(
                            source: source,
                            chunker: LineChunker(
                                source,
                                blockLength: blockLength,
                                maximumLineLength: EventLimits.payloadBytes
                            )
                        )
                    } catch {
                        state.failures.append(error)
                        continue
                    }
                }
                if let unit = readUnit(&state) { return unit }
            }
        }
    }

    /// Blocks of the open input up to the size of a unit; closes it at its end and then returns `nil` if there were
    /// none.
    private func readUnit(_ state: inout State) -> ImportUnit? {
        guard let source = state.open?.source else { return nil }
        var blocks: [LineBlock] = []
        var bytes = 0
        var lines = 0
        var isAtEnd = false
        do throws(InputError) {
            // The number of blocks that comes nearest, since each is a little shorter than it may be.
            while bytes + blockLength / 2 < unitBytes, lines < InputQueue.unitLines {
                guard let block = try state.open?.chunker.next() else {
                    isAtEnd = true
                    break
                }
                bytes += block.byteCount
                lines += block.lineCount
                blocks.append(block)
            }
        } catch {
            state.failures.append(error)
            isAtEnd = true
        }
        let consumed = state.doneBytes + (blocks.last?.inputBytes ?? source.bytesConsumed)
        if isAtEnd {
            state.doneBytes += source.bytesConsumed
            state.open = nil
        }
        if blocks.isEmpty { return nil }
        defer { state.nextNumber += 1 }
        return ImportUnit(
            number: state.nextNumber,
            input: source.name,
            blocks: blocks,
            inputBytes: consumed,
            totalBytes: state.totalBytes
        )
    }

    /// The bytes of all inputs together; `nil` when one of them is no regular file.
    private static func length(of paths: [String]) -> Int? {
        var total = 0
        for path in paths {
            var info = stat()
            guard path != "-", unsafe stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
            total += Int(info.st_size)
        }
        return total
    }
}
