internal import ArgumentParser

/// A system that events are imported from or exported to.
enum OtherSystem: String, ExpressibleByArgument, CaseIterable {
    case flashFlood = "flash-flood"
}
