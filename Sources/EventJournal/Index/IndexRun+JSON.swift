extension IndexRun {
    /// The runs as the catalog keeps them:
    /// `{"runs":[{"path":…,"level":…,"entries":…,"bytes":…,"lowHash":…,"highHash":…}]}`.
    ///
    /// Hashes are texts of 12 hexadecimal digits, the 48 bits that count: JSON's numbers are exact to 53 bits at most.
    static func encode(_ runs: [IndexRun]) -> String {
        let members = runs.map { run in
            "{\"path\":\"\(run.path)\",\"level\":\(run.level.number),\"entries\":\(run.entries),\"bytes\":\(run.bytes),"
                + "\"lowHash\":\"\(hexadecimal(run.lowHash))\",\"highHash\":\"\(hexadecimal(run.highHash))\"}"
        }
        return "{\"runs\":[" + members.joined(separator: ",") + "]}"
    }

    /// Reads what ``encode(_:)`` wrote; unknown members and white space are passed over.
    ///
    /// - Throws: ``JournalError/Code/damagedIndex`` when the text is not of that form, or a run in it is impossible.
    static func decode(_ json: String) throws(JournalError) -> [IndexRun] {
        var scanner = IndexJSONScanner(json)
        do throws(IndexJSONScanner.Malformed) {
            var runs: [IndexRun]?
            try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
                guard name == "runs" else { return try scanner.skipValue() }
                var list: [IndexRun] = []
                try scanner.array { scanner throws(IndexJSONScanner.Malformed) in list.append(try run(&scanner)) }
                runs = list
            }
            guard scanner.isAtEnd, let runs else { throw IndexJSONScanner.Malformed(position: scanner.position) }
            return runs
        } catch {
            throw JournalError(
                .damagedIndex,
                "The catalog's list of index runs cannot be read from byte \(error.position) on: "
                    + "\(String(json.prefix(200))). "
                    + "Build the index anew with `highwater reindex JOURNAL`; no event is lost.",
                object: IndexRun.folder
            )
        }
    }

    private static func run(_ scanner: inout IndexJSONScanner) throws(IndexJSONScanner.Malformed) -> IndexRun {
        var (path, level, entries, bytes): (String?, Int?, Int?, Int?)
        var (low, high): (UInt64?, UInt64?)
        let start = scanner.position
        try scanner.object { name, scanner throws(IndexJSONScanner.Malformed) in
            switch name {
            case "path": path = try scanner.string()
            case "level": level = try scanner.number()
            case "entries": entries = try scanner.number()
            case "bytes": bytes = try scanner.number()
            case "lowHash": low = hash(try scanner.string())
            case "highHash": high = hash(try scanner.string())
            default: try scanner.skipValue()
            }
        }
        guard let path, let level, let entries, let bytes, let low, let high, level == 0 || level == 1, low <= high,
            (1...IndexLayout.mostEntries).contains(entries)
        else { throw IndexJSONScanner.Malformed(position: start) }
        let run = IndexRun(
            path: path,
            level: Level(number: level),
            entries: entries,
            bytes: bytes,
            lowHash: low,
            highHash: high
        )
        guard run.layout.byteCount == bytes else { throw IndexJSONScanner.Malformed(position: start) }
        return run
    }

    private static func hexadecimal(_ hash: UInt64) -> String {
        let digits = String(hash >> 16, radix: 16)
        return String(repeating: "0", count: 12 - digits.count) + digits
    }

    private static func hash(_ text: String) -> UInt64? {
        guard text.utf8.count == 12, text.utf8.first != UInt8(ascii: "+") else { return nil }
        return UInt64(text, radix: 16).map { $0 << 16 }
    }
}
