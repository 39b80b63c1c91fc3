public import ObjectStorage
internal import Synchronization

/// A store that fails, loses answers, is slow or cuts bodies short, as planned; for the rest it hands on to another.
///
/// Errors it makes up say in their message that they are injected. A delete asks for a fault for each key: those that
/// fail are returned as failures, the others are deleted. `abort()` cannot throw, so it can only be slow.
public struct FaultInjectingObjectStore: ObjectStore {
    private let base: any ObjectStore
    private let injector: FaultInjector

    /// Injects the faults of a plan.
    ///
    /// - Parameters:
    ///   - base: The store that does the work.
    ///   - plan: What goes wrong.
    ///   - sleep: How to wait for a delay.
    public init(
        _ base: any ObjectStore,
        plan: FaultPlan,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.init(base, sleep: sleep) { plan.faults(for: $0) }
    }

    /// Injects what a closure decides.
    ///
    /// - Parameters:
    ///   - base: The store that does the work.
    ///   - sleep: How to wait for a delay.
    ///   - decide: The faults of a request; called for one request at a time, and before it is made.
    public init(
        _ base: any ObjectStore,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        decide: @escaping @Sendable (StoreRequest) -> [Fault]
    ) {
        self.base = base
        injector = FaultInjector(sleep: sleep, decide: decide)
    }

    /// The faults injected so far, in order.
    public var log: [InjectedFault] { injector.log }

    /// Whether faults are injected at all; requests are counted meanwhile.
    public var isEnabled: Bool {
        get { injector.isEnabled }
        nonmutating set { injector.isEnabled = newValue }
    }

    /// The base's location.
    public var location: String { base.location }

    /// Reads from the base; may be cut short.
    public func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        let faults = injector.faults(.get, key)
        var result = try await injector.run(faults) { try await base.get(key, range: range) }
        for case .truncate(let part) in faults.all {
            let count = Int(Double(result.bytes.count) * min(max(part, 0), 1))
            result.bytes.removeLast(result.bytes.count - count)
        }
        return result
    }

    /// Asks the base.
    public func head(_ key: String) async throws -> ObjectMetadata {
        try await injector.run(injector.faults(.head, key)) { try await base.head(key) }
    }

    /// Puts into the base.
    @discardableResult
    public func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try await injector.run(injector.faults(.put, key)) { try await base.put(key, bytes, mode: mode) }
    }

    /// Begins an upload to the base.
    ///
    /// One whose answer is lost is dropped.
    public func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        let upload = try await injector.run(injector.faults(.beginUpload, key)) {
            try await base.beginUpload(key, mode: mode)
        }
        return FaultInjectingUpload(base: upload, key: key, injector: injector)
    }

    /// Deletes from the base.
    public func delete(_ keys: [String]) async throws -> [DeleteFailure] {
        var failures: [DeleteFailure] = []
        var deleted: [String] = []
        var lost: [DeleteFailure] = []
        for key in keys {
            let faults = injector.faults(.delete, key)
            try await injector.wait(faults, isBefore: true)
            if let error = faults.error(isBefore: true) {
                failures.append(DeleteFailure(key: key, error: error))
            } else {
                deleted.append(key)
                if let error = faults.error(isBefore: false) { lost.append(DeleteFailure(key: key, error: error)) }
            }
            try await injector.wait(faults, isBefore: false)
        }
        if deleted.isEmpty { return failures }
        // By bytes, since `String` takes different keys for equal.
        let real = try await base.delete(deleted)
            .filter { failure in
                !lost.contains { $0.key.utf8.elementsEqual(failure.key.utf8) }
            }
        return failures + real + lost
    }

    /// Copies inside the base; faults go by the destination.
    @discardableResult
    public func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        try await injector.run(injector.faults(.copy, destination)) {
            try await base.copy(source, to: destination, mode: mode)
        }
    }

    /// Lists the base; faults go by the prefix.
    public func list(_ options: ListOptions) async throws -> ListPage {
        try await injector.run(injector.faults(.list, options.prefix)) { try await base.list(options) }
    }
}

/// An upload of a ``FaultInjectingObjectStore``.
private struct FaultInjectingUpload: ObjectUpload {
    let base: any ObjectUpload
    let key: String
    let injector: FaultInjector

    func write(_ bytes: [UInt8]) async throws {
        try await injector.run(injector.faults(.writeUpload, key)) { try await base.write(bytes) }
    }

    func complete() async throws -> ObjectMetadata {
        try await injector.run(injector.faults(.completeUpload, key)) { try await base.complete() }
    }

    func abort() async {
        let faults = injector.faults(.abortUpload, key)
        do {
            try await injector.wait(faults, isBefore: true)
        } catch {
            // The wait was cancelled: then the abort is not slow.
        }
        await base.abort()
    }
}
