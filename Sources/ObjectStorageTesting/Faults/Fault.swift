public import ObjectStorage

/// What can go wrong with a request.
public enum Fault: Sendable, Hashable {
    /// The request fails and has no effect.
    case errorBefore(ObjectStoreError.Code)
    /// The request takes effect if it can, but its answer is lost: the caller gets this error, even if the request
    /// itself failed with another.
    case errorAfter(ObjectStoreError.Code)
    /// The request is held up before it reaches the store.
    case delayBefore(Duration)
    /// The answer is held up.
    case delayAfter(Duration)
    /// The task gives way to others this many times before the request: another order of events, in no time.
    case yieldBefore(Int)
    /// The task gives way to others this many times after the request.
    case yieldAfter(Int)
    /// A get delivers only this part of its bytes (0 to 1, rounded down), without saying so.
    case truncate(Double)
}

/// A fault that was injected.
public struct InjectedFault: Sendable, Hashable {
    /// What it was injected into.
    public var request: StoreRequest
    /// What went wrong.
    public var fault: Fault

    /// Makes a record from its parts.
    public init(request: StoreRequest, fault: Fault) {
        self.request = request
        self.fault = fault
    }
}
