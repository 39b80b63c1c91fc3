/// The bytes of one input of events: a file or standard input, decompressed if its content says it is compressed.
///
/// Calls block until there are bytes, so they belong on a thread of their own. One owner at a time. Memory: 256 KiB
/// for compressed bytes and what the decompressor needs.
package final class InputSource {
    private enum Decoder {
        case plain
        case gzip(GzipDecoder)
        case zstandard(ZstandardDecoder)
    }

    private var file: InputFile
    private let decoder: Decoder
    private var buffer: [UInt8]
    /// What of `buffer` was read from the file and not yet taken.
    private var pending: Range<Int>
    private var bytesProduced = 0

    /// What messages call it: the path, or "standard input".
    package var name: String { file.name }
    /// Bytes of the file behind what was handed out so far, compressed if it is compressed; for progress.
    package var bytesConsumed: Int { file.bytesRead - pending.count }
    /// What ``bytesConsumed`` will be at the end; `nil` for a pipe or terminal.
    package var totalBytes: Int? { file.byteCount }

    /// Opens the file at `path`, or standard input for `-`, and looks at its first bytes.
    ///
    /// - Throws: ``InputError/Code/unreadable`` when it cannot be opened, ``InputError/Code/unsupported`` when it is
    ///   compressed otherwise than by gzip or zstd.
    package init(path: String) throws(InputError) {
        var file = try InputFile(path: path)
        var buffer = [UInt8](repeating: 0, count: 256 * 1024)
        var filled = 0
        while filled < InputFormat.prefixLength {
            let count = try InputSource.fill(&buffer, from: filled, &file)
            if count == 0 { break }
            filled += count
        }
        decoder = try InputSource.decoder(
            for: InputFormat(prefix: buffer[..<min(filled, InputFormat.prefixLength)]),
            name: file.name
        )
        self.buffer = buffer
        pending = 0..<filled
        self.file = file
    }

    /// Reads at most as many bytes as `output` has room for, and at least one unless the input has ended.
    ///
    /// - Returns: How many bytes were written; 0 at the end, again and again.
    /// - Throws: ``InputError/Code/damaged`` when compressed data is cut short or wrong, ``InputError/Code/failed``
    ///   when the system cannot read on. Both name the input and the place; what was read before is good.
    package func read(into output: UnsafeMutableRawBufferPointer) throws(InputError) -> Int {
        guard unsafe !output.isEmpty else { return 0 }
        if case .plain = decoder { return try unsafe readPlain(into: output) }
        while true {
            if pending.isEmpty {
                let count = try InputSource.fill(&buffer, from: 0, &file)
                pending = 0..<count
            }
            let atEnd = pending.isEmpty
            let step = try unsafe decode(into: output)
            pending = (pending.lowerBound + step.consumed)..<pending.upperBound
            bytesProduced += step.produced
            if step.produced > 0 { return step.produced }
            if atEnd {
                guard isComplete else { throw cutShort() }
                return 0
            }
        }
    }

    private func readPlain(into output: UnsafeMutableRawBufferPointer) throws(InputError) -> Int {
        guard !pending.isEmpty else { return try unsafe file.read(into: output) }
        let count = min(pending.count, output.count)
        let taken = pending.lowerBound..<(pending.lowerBound + count)
        unsafe output.copyBytes(from: buffer[taken])
        pending = taken.upperBound..<pending.upperBound
        return count
    }

    private func decode(into output: UnsafeMutableRawBufferPointer) throws(InputError) -> DecompressionStep {
        do throws(DecompressionFault) {
            return try unsafe buffer.withUnsafeBufferPointer { bytes throws(DecompressionFault) in
                let input = unsafe UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[pending]))
                switch decoder {
                case .plain: return DecompressionStep(consumed: 0, produced: 0)
                case .gzip(let decoder): return try unsafe decoder.decode(input, into: output)
                case .zstandard(let decoder): return try unsafe decoder.decode(input, into: output)
                }
            }
        } catch {
            throw InputError(
                .damaged,
                "\(name) is damaged near byte \(bytesConsumed), \(bytesProduced) bytes into its content: "
                    + "\(error.reason). Fetch the file again."
            )
        }
    }

    private var isComplete: Bool {
        switch decoder {
        case .plain: true
        case .gzip(let decoder): decoder.isComplete
        case .zstandard(let decoder): decoder.isComplete
        }
    }

    private func cutShort() -> InputError {
        InputError(
            .damaged,
            "\(name) is cut short: its compressed data breaks off at byte \(bytesConsumed), "
                + "\(bytesProduced) bytes into its content. Fetch the file again."
        )
    }

    private static func fill(
        _ buffer: inout [UInt8],
        from start: Int,
        _ file: inout InputFile
    ) throws(InputError) -> Int {
        try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(InputError) in
            let rest = unsafe UnsafeMutableBufferPointer(rebasing: bytes[start...])
            return try unsafe file.read(into: UnsafeMutableRawBufferPointer(rest))
        }
    }

    private static func decoder(for format: InputFormat, name: String) throws(InputError) -> Decoder {
        let foreign: String
        do throws(DecompressionFault) {
            switch format {
            case .plain: return .plain
            case .gzip: return .gzip(try GzipDecoder())
            case .zstandard: return .zstandard(try ZstandardDecoder())
            case .foreign(let kind): foreign = kind
            }
        } catch {
            throw InputError(.failed, "Cannot decompress \(name): \(error.reason).")
        }
        throw InputError(
            .unsupported,
            "\(name) is a file of \(foreign), and only gzip and zstd are unpacked here; "
                + "unpack it first, or pipe its content in with `-` for the file."
        )
    }
}

@available(*, unavailable)
extension InputSource: Sendable {}
