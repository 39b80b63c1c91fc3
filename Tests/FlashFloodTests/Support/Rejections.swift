import FlashFlood
import Synchronization

/// Collects what an export leaves out.
final class Rejections: Sendable {
    private let events = Mutex<[FlashFloodRejectedEvent]>([])

    var all: [FlashFloodRejectedEvent] { events.withLock { $0 } }

    func add(_ event: FlashFloodRejectedEvent) { events.withLock { $0.append(event) } }
}
