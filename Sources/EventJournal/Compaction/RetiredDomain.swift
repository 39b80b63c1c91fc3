internal import DeltaLake
internal import ObjectStorage

/// Objects that are not part of the catalog any more and that no tombstone tells of: the domain `highwater.retired`.
///
/// Index runs are replaced by every compaction. Readers need the old ones for about a minute; they are deleted by
/// whoever compacts next (``AbsorbedCleanup``), and then forgotten here. JSON:
/// `{"objects":[{"path":"_index/….idx","version":12},…]}`, with the version of the table that does without.
struct RetiredDomain: Sendable, Hashable {
    static let name = "highwater.retired"

    struct Entry: Sendable, Hashable {
        var path: String
        /// The version that does not need it any more.
        var version: Int64
    }

    /// What has been deleted and need not be remembered.
    struct Forgotten: Sendable {
        /// What was superfluous at this version already; -1 for nothing.
        var expired: Int64 = -1
        /// Objects that this process has deleted.
        var paths: Set<String> = []
    }

    var objects: [Entry] = []

    /// More entries than this are not kept; what is forgotten is left to vacuum.
    static let most = 4096

    init() {}

    /// Reads the text; `nil` and what cannot be read mean that nothing is known, which only vacuum then finds.
    init(_ text: String?) {
        guard let text else { return }
        var scanner = IndexJSONScanner(text)
        var entries: [Entry] = []
        do throws(IndexJSONScanner.Malformed) {
            try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
                guard name == "objects" else { return try scanner.skipValue() }
                try scanner.array { scanner throws(IndexJSONScanner.Malformed) in
                    var (path, version): (String?, Int?)
                    try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
                        switch name {
                        case "path": path = try scanner.string()
                        case "version": version = try scanner.number()
                        default: try scanner.skipValue()
                        }
                    }
                    if let path, let version { entries.append(Entry(path: path, version: Int64(version))) }
                }
            }
            objects = entries
        } catch {
            objects = []
        }
    }

    /// With more objects.
    ///
    /// - Parameters:
    ///   - paths: What a commit makes superfluous.
    ///   - version: The version that the commit makes.
    ///   - forgotten: What has been deleted.
    /// - Returns: The domain of that version.
    func adding(_ paths: [String], at version: Int64, forgetting forgotten: Forgotten) -> RetiredDomain {
        var next = self
        next.objects.removeAll { $0.version <= forgotten.expired || forgotten.paths.contains($0.path) }
        next.objects += paths.map { Entry(path: $0, version: version) }
        next.objects.removeFirst(max(0, next.objects.count - RetiredDomain.most))
        return next
    }

    /// The text.
    var text: String {
        let entries = objects.map { "{\"path\":\"\($0.path)\",\"version\":\($0.version)}" }
        return "{\"objects\":[" + entries.joined(separator: ",") + "]}"
    }
}
