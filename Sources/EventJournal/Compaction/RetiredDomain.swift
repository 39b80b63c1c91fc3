/// Objects that are not part of the catalog any more and that no tombstone tells of: the domain `highwater.retired`.
///
/// Index runs are replaced by every compaction. Readers need the old ones for about a minute; they are deleted by whoever
/// compacts next (``AbsorbedCleanup``), and what is left after two hours is forgotten here and left to vacuum. JSON:
/// `{"objects":[{"path":"_index/….idx","time":1795235750415},…]}`, the time in milliseconds since 1970 UTC.
struct RetiredDomain: Sendable, Hashable {
    static let name = "highwater.retired"

    struct Entry: Sendable, Hashable {
        var path: String
        /// When it was replaced, in milliseconds since 1970 UTC.
        var time: Int64
    }

    var objects: [Entry] = []

    /// For so long entries are kept, in milliseconds.
    static let stay: Int64 = 2 * 3_600_000

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
                    var (path, time): (String?, Int?)
                    try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
                        switch name {
                        case "path": path = try scanner.string()
                        case "time": time = try scanner.number()
                        default: try scanner.skipValue()
                        }
                    }
                    if let path, let time { entries.append(Entry(path: path, time: Int64(time))) }
                }
            }
            objects = entries
        } catch {
            objects = []
        }
    }

    /// With more objects, and without those that were replaced long ago.
    func adding(_ paths: [String], at time: Int64) -> RetiredDomain {
        var next = self
        next.objects.removeAll { $0.time < time - RetiredDomain.stay }
        next.objects += paths.map { Entry(path: $0, time: time) }
        return next
    }

    /// The text.
    var text: String {
        let entries = objects.map { "{\"path\":\"\($0.path)\",\"time\":\($0.time)}" }
        return "{\"objects\":[" + entries.joined(separator: ",") + "]}"
    }
}
