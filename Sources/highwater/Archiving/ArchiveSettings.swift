internal import EventImport
internal import JMESPath
internal import StreamArchive

/// What can be said of how a stream is archived, on the command line or in a file; `nil` for the default.
struct ArchiveSettings: Sendable {
    var timestamp: String?
    var timestampUnit: TimestampUnit?
    var latency: Double?
    var batchSize: SizeArgument?
    var lease: Double?

    /// Whether nothing was said.
    var isEmpty: Bool {
        timestamp == nil && timestampUnit == nil && latency == nil && batchSize == nil && lease == nil
    }

    /// What is wrong with them.
    ///
    /// - Parameter name: How a setting such as `batch-size` is called there.
    /// - Returns: `nil` when nothing is.
    func problem(named name: (String) -> String) -> String? {
        if let latency, !(0.01...86_400).contains(latency) {
            return "\(name("latency")) is \(Text.number(latency)); it must be from 0.01 to 86400 seconds."
        }
        if let lease, !(1...3600).contains(lease) {
            return "\(name("lease")) is \(Text.number(lease)); it must be from 1 to 3600 seconds."
        }
        if let batchSize, !(1 << 10...1 << 30).contains(batchSize.bytes) {
            return "\(name("batch-size")) is \(batchSize); it must be from 1 KiB to 1 GiB."
        }
        guard let timestamp else { return nil }
        do throws(JMESPathError) {
            _ = try JMESPathExpression(timestamp)
            return nil
        } catch {
            return "\(name("timestamp")): \(error)"
        }
    }

    /// The same for the archiver.
    func options() throws -> ArchiveOptions {
        var options = ArchiveOptions()
        if let latency { options.latency = .seconds(latency) }
        if let batchSize { options.batchBytes = batchSize.bytes }
        if let lease { options.lease = .seconds(lease) }
        if let timestampUnit { options.timestampUnit = timestampUnit }
        if let timestamp { options.timestamp = try JMESPathExpression(timestamp) }
        return options
    }
}
