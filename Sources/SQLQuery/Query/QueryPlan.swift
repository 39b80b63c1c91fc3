internal import EventJournal

/// The plan that the engine made of a statement over the stand-ins of ``ReadsScript``.
struct QueryPlan {
    /// A scan of a stand-in.
    struct Scan: Hashable {
        /// The number of the journal.
        var journal: Int
        /// Whether it is of what the catalog has, and not of the inbox.
        var isArchived: Bool
        /// Behind and through which moment it is, in microseconds; `nil` where a side is open.
        var after: Int64?
        var through: Int64?
    }

    private(set) var scans: [Scan] = []
    /// Numbers of journals and of their columns, or letters, as in `0_3`; `nil` when nothing is known of them.
    private(set) var columns: Set<String>?

    /// Reads what `EXPLAIN (FORMAT json)` printed: one plan, or several with a frame around the title of each.
    init(_ text: Substring) {
        let logical = QueryPlan.part(of: text, "  Optimized Logical Plan   ") ?? text
        var scanner = PlanScanner()
        for byte in logical.utf8.drop(while: { $0 != UInt8(ascii: "[") }) { scanner.take(byte) }
        scans = scanner.found.compactMap(QueryPlan.scan)
        columns = QueryPlan.part(of: text, "       Physical Plan       ").map(QueryPlan.columns)
    }

    /// What is read of each journal; `nil` when the plan cannot be of these.
    ///
    /// - Parameters:
    ///   - promoted: The promoted columns of each journal.
    ///   - isStable: Whether times and columns may be taken from it.
    /// - Returns: What is read, in the order of the journals.
    func reads(_ promoted: [[PromotedColumn]], isStable: Bool) -> [QueryReads]? {
        let columns = isStable ? columns : nil
        var reads = promoted.map { promoted in
            var reads = QueryReads.none
            if columns == nil { reads.columns = Set(promoted.map(\.name)) } else { reads.payloads = promoted.isEmpty }
            return reads
        }
        for name in columns ?? [] {
            let parts = name.split(separator: "_")
            guard parts.count == 2, let journal = Int(parts[0]), reads.indices.contains(journal) else { return nil }
            if let index = Int(parts[1]) {
                guard promoted[journal].indices.contains(index) else { return nil }
                reads[journal].columns.insert(promoted[journal][index].name)
            } else {
                reads[journal].payloads = true
            }
        }
        for scan in scans {
            guard reads.indices.contains(scan.journal) else { return nil }
            let range = EventRange(
                after: isStable ? scan.after.map(Timestamp.init(microseconds:)) : nil,
                through: isStable ? scan.through.map(Timestamp.init(microseconds:)) : nil
            )
            let met = reads[scan.journal]
            if met.archived || met.current {
                reads[scan.journal].range.after = min(met.range.after, range.after)
                reads[scan.journal].range.through = max(met.range.through, range.through)
            } else {
                reads[scan.journal].range = range
            }
            if scan.isArchived { reads[scan.journal].archived = true } else { reads[scan.journal].current = true }
        }
        return reads
    }

    /// The plan behind a title, of several.
    ///
    /// Texts in it have no line breaks, so no title can be in one.
    private static func part(of text: Substring, _ title: String) -> Substring? {
        guard let start = text.firstRange(of: "\n││\(title)││\n") else { return nil }
        let rest = text[start.upperBound...]
        let end = rest.firstRange(of: "\n┌")
        return rest[..<(end?.lowerBound ?? rest.endIndex)]
    }

    private static func scan(_ found: PlanScanner.Found) -> Scan? {
        let prefix = ".highwater_"
        guard let place = found.table.firstRange(of: prefix), let letter = found.table.last,
            letter == "a" || letter == "c", let journal = Int(found.table[place.upperBound...].dropLast())
        else { return nil }
        // Of several that are joined by AND the first will do.
        let bounds = found.filters.lazy.compactMap(MomentBounds.init).first
        return Scan(journal: journal, isArchived: letter == "a", after: bounds?.after, through: bounds?.through)
    }

    /// The names of all columns like `highwater_c0_3_`.
    private static func columns(_ plan: Substring) -> Set<String> {
        var names: Set<String> = []
        var rest = plan
        while let place = rest.firstRange(of: "highwater_c") {
            rest = rest[place.upperBound...]
            let name = rest.prefix { $0.isNumber || $0 == "_" || $0 == "d" || $0 == "b" }
            if name.last == "_" { names.insert(String(name.dropLast())) }
        }
        return names
    }
}
