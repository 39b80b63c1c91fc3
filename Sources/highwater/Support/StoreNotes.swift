internal import CloudSupport
internal import ObjectStorage
internal import Synchronization

/// Says on standard error what stores wait for, so that one that does not answer is not taken for a program that hangs.
///
/// Stores repeat most of what fails within a second, which is not worth a word.
final class StoreNotes: Sendable {
    static let shared = StoreNotes()
    /// Takes note of what any store tells.
    static let observer = ObjectStoreRetry.Observer { shared.hear($0) }

    private static let patience = Duration.seconds(2)
    private static let interval = Duration.seconds(5)

    private let isQuiet = Atomic(false)
    private let told = Mutex<ContinuousClock.Instant?>(nil)

    private init() {}

    /// Says nothing from now on.
    func silence() { isQuiet.store(true, ordering: .relaxed) }

    /// Takes note of an attempt that failed; one line for all requests of all stores, every five seconds.
    func hear(_ retry: ObjectStoreRetry) {
        guard !isQuiet.load(ordering: .relaxed), retry.elapsed + retry.wait >= Self.patience else { return }
        let now = ContinuousClock.now
        let isDue = told.withLock { told in
            if let told, now - told < Self.interval { return false }
            told = now
            return true
        }
        guard isDue else { return }
        // There may be a line about progress, which is drawn again.
        if Output.errorIsTerminal { Output.errorText("\r\u{1B}[2K") }
        Output.error("highwater: \(retry.line)")
    }
}

extension ObjectStoreRetry {
    /// In a line: what fails, for how long, and when it is tried again.
    fileprivate var line: String {
        let tried = elapsed >= .seconds(1) ? " in \(Text.seconds(elapsed.seconds))" : ""
        return "could not \(ForeignText.line(request)) yet: \(ForeignText.line(reason)) "
            + "(attempt \(Text.count(attempts)) failed\(tried); again in \(Text.seconds(wait.seconds)))"
    }
}
