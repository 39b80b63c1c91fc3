/// The names of the objects beneath `_delta_log/`.
///
/// Source: Delta Lake protocol, "File Types".
enum LogFile: Hashable, Sendable {
    /// `<version>.json`
    case commit(Int64)
    /// `<version>.checkpoint.parquet`
    case checkpoint(Int64)
    /// `<version>.checkpoint.<part>.<parts>.parquet`
    case checkpointPart(Int64, part: Int, parts: Int)
    /// `<version>.checkpoint.<uuid>.json|parquet`, which this module does not read.
    case uuidCheckpoint(Int64)
    /// `<version>.crc`
    case checksum(Int64)

    static let prefix = "_delta_log/"
    static let lastCheckpoint = "_delta_log/_last_checkpoint"

    static func commitKey(_ version: Int64) -> String { "\(prefix)\(padded(version, 20)).json" }

    static func checkpointKey(_ version: Int64) -> String { "\(prefix)\(padded(version, 20)).checkpoint.parquet" }

    static func checkpointKeys(_ version: Int64, parts: Int) -> [String] {
        if parts == 1 { return [checkpointKey(version)] }
        return (1...parts)
            .map { part in
                let (part, parts) = (padded(Int64(part), 10), padded(Int64(parts), 10))
                return "\(prefix)\(padded(version, 20)).checkpoint.\(part).\(parts).parquet"
            }
    }

    /// `nil` for any other object, also one in a folder beneath.
    init?(key: String) {
        guard key.utf8.starts(with: LogFile.prefix.utf8) else { return nil }
        let name = key.utf8.dropFirst(LogFile.prefix.utf8.count)
        let pieces = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { String($0) ?? "" }
        guard let first = pieces.first, let version = LogFile.number(first, digits: 20) else { return nil }
        switch (pieces.count, pieces.last) {
        case (2, "json"): self = .commit(version)
        case (2, "crc"): self = .checksum(version)
        case (3, "parquet") where pieces[1] == "checkpoint": self = .checkpoint(version)
        case (4, "parquet") where pieces[1] == "checkpoint", (4, "json") where pieces[1] == "checkpoint":
            self = .uuidCheckpoint(version)
        case (5, "parquet") where pieces[1] == "checkpoint":
            guard let part = LogFile.number(pieces[2], digits: 10), let parts = LogFile.number(pieces[3], digits: 10),
                parts >= 1, 1...parts ~= part, parts <= Int64(LogFile.mostParts)
            else { return nil }
            self = .checkpointPart(version, part: Int(part), parts: Int(parts))
        default: return nil
        }
    }

    /// More parts than this of a checkpoint are not believed.
    static let mostParts = 10_000

    var version: Int64 {
        switch self {
        case .commit(let version), .checkpoint(let version), .checkpointPart(let version, _, _),
            .uuidCheckpoint(let version), .checksum(let version):
            version
        }
    }

    static func padded(_ number: Int64, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    private static func number(_ text: String, digits: Int) -> Int64? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return nil
        }
        return Int64(text)
    }
}

extension DeltaLog {
    /// What the keys of all objects of a log begin with.
    public static var prefix: String { LogFile.prefix }

    /// The key of a commit, which has a commit of the version before it in a listing.
    public static func commitKey(_ version: Int64) -> String { LogFile.commitKey(version) }

    /// The version of the commit that an object is, by its key; `nil` when it is none.
    public static func version(ofCommit key: String) -> Int64? {
        guard case .commit(let version)? = LogFile(key: key) else { return nil }
        return version
    }
}
