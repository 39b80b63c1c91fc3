private import CAllocator
private import EventJournal

/// The Swift side of the peer benchmark: does to one journal what `Benchmarks/peers/systems/highwater.py` asks for.
///
/// `highwater-peer JOURNAL` reads requests from standard input and answers on standard output until the input ends.
@main
struct HighwaterPeer {
    static func main() async throws {
        guard CommandLine.arguments.count == 2 else {
            throw PeerError("usage: highwater-peer JOURNAL")
        }
        hw_keep_large_buffers()
        let journal = try await Journal.open(CommandLine.arguments[1])
        let channel = FrameChannel()
        while let request = try channel.next() {
            do {
                switch request.operation {
                case .append:
                    try await journal.append(try request.batch())
                    try channel.reply(.done)
                case .put:
                    let event = try request.batch()[0]
                    _ = try await journal.put(event.data, id: event.id, at: event.timestamp, key: event.key)
                    try channel.reply(.done)
                case .replay:
                    let range = try request.range()
                    let digest = try await ReplayDigest(journal.replay(after: range.after, through: range.through))
                    try channel.reply(.done, digest.encoded())
                case .lookUp:
                    let event = try await journal.event(String(decoding: request.body, as: UTF8.self))
                    try channel.reply(event == nil ? .absent : .done, event?.data ?? [])
                case .quit:
                    return
                }
            } catch let error as JournalError {
                try channel.reply(.failed, Array("\(error)".utf8))
            }
        }
    }
}

/// The harness and this program do not understand one another, or the pipe broke.
struct PeerError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
