import EventJournal
import Foundation

/// What a commit of the catalog says, read with nothing of the journal's own code.
struct CatalogCommit: Sendable {
    var version: Int64
    /// The batches it took out of the inbox.
    var absorbed: [UUIDv7] = []
    /// The objects it added to the table.
    var added: [CatalogFile] = []
    /// The objects it removed from the table.
    var removed: [String] = []
    /// The objects of the id index; `nil` when they stay.
    var runs: [String]?
    /// The promoted columns; `nil` when they stay.
    var columns: ColumnsState?
    /// The names of the columns of the table; `nil` when they stay.
    var schema: Set<String>?

    /// The key of the commit that makes a version.
    static func key(_ version: Int64) -> String {
        let digits = String(version)
        return "_delta_log/" + String(repeating: "0", count: 20 - digits.count) + digits + ".json"
    }

    struct NotACommit: Error, CustomStringConvertible {
        var key: String
        var description: String { "\(key) is no commit as the format has it" }
    }

    /// Reads lines of JSON.
    init(key: String, bytes: [UInt8]) throws {
        func object(_ bytes: some Sequence<UInt8>) throws -> [String: Any] {
            let value = try JSONSerialization.jsonObject(with: Data(bytes))
            guard let object = value as? [String: Any] else { throw NotACommit(key: key) }
            return object
        }
        guard let version = Int64(key.dropFirst("_delta_log/".count).dropLast(".json".count)) else {
            throw NotACommit(key: key)
        }
        self.version = version
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let action = try object(line)
            if let add = action["add"] as? [String: Any], let path = add["path"] as? String {
                let names = (add["tags"] as? [String: Any])?["highwater.columns"] as? String ?? ""
                added.append(
                    CatalogFile(
                        path: path,
                        filled: Set(names.split(separator: ",").map(String.init)),
                        statistics: add["stats"] as? String ?? "{}"
                    )
                )
            }
            if let metadata = action["metaData"] as? [String: Any], let text = metadata["schemaString"] as? String {
                let fields = try object(text.utf8)["fields"] as? [[String: Any]] ?? []
                schema = Set(fields.compactMap { $0["name"] as? String })
            }
            if let remove = action["remove"] as? [String: Any], let path = remove["path"] as? String {
                removed.append(path)
            }
            guard let domain = action["domainMetadata"] as? [String: Any], let name = domain["domain"] as? String,
                let text = domain["configuration"] as? String
            else { continue }
            switch name {
            case "highwater.inbox":
                guard let new = try object(text.utf8)["new"] as? String, let ids = Self.batchIDs(new) else {
                    throw NotACommit(key: key)
                }
                absorbed += ids
            case "highwater.index":
                guard let runs = try object(text.utf8)["runs"] as? [[String: Any]] else { throw NotACommit(key: key) }
                self.runs = runs.compactMap { $0["path"] as? String }
            case "highwater.columns":
                guard let columns = ColumnsState(try object(text.utf8)) else { throw NotACommit(key: key) }
                self.columns = columns
            default: continue
            }
        }
    }

    /// Batch ids of 16 bytes each, in base64 of RFC 4648 section 5.
    private static func batchIDs(_ text: String) -> [UUIDv7]? {
        var standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        standard += String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        guard let bytes = Data(base64Encoded: standard).map(Array.init), bytes.count % 16 == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: 16)
            .compactMap { start in
                let digits = bytes[start..<start + 16].map { String(256 + Int($0), radix: 16).suffix(2) }.joined()
                let groups = [(0, 8), (8, 4), (12, 4), (16, 4), (20, 12)]
                let text = groups.map { digits.dropFirst($0.0).prefix($0.1) }.joined(separator: "-")
                return UUIDv7(text)
            }
    }
}

/// What the catalog names after some commits.
struct CatalogNames: Sendable {
    /// Its segments.
    var files: Set<String> = []
    /// The promoted columns that each of them has.
    var filled: [String: Set<String>] = [:]
    /// The names of the columns of the table.
    var schema: Set<String> = []
    /// The objects of its id index.
    var runs: Set<String> = []
    /// In which version files and parts of the index ceased to be named.
    var removed: [String: Int64] = [:]
    /// In which version batches were first absorbed.
    var absorbed: [UUIDv7: Int64] = [:]

    /// Takes the next commit in.
    mutating func apply(_ commit: CatalogCommit) {
        files.formUnion(commit.added.map(\.path))
        for file in commit.added { filled[file.path] = file.filled }
        files.subtract(commit.removed)
        for path in commit.removed {
            removed[path] = commit.version
            filled[path] = nil
        }
        if let schema = commit.schema { self.schema = schema }
        for batch in commit.absorbed where absorbed[batch] == nil { absorbed[batch] = commit.version }
        if let runs = commit.runs {
            for path in self.runs.subtracting(runs) { removed[path] = commit.version }
            self.runs = Set(runs)
        }
    }

    func names(_ key: String) -> Bool { files.contains(key) || runs.contains(key) }
}
