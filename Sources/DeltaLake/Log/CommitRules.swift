/// What the protocol asks of the actions of one commit.
///
/// Source: Delta Lake protocol, "Delta Log Entries" under "Requirements for Writers".
enum CommitRules {
    static func check(_ actions: [DeltaAction], version: Int64) throws {
        guard 0..<Int64.max ~= version else { throw broken(version, "versions count from 0") }
        var seen: Set<[String]> = []
        for action in actions {
            let (kind, name) = identity(of: action)
            guard seen.insert([kind, name]).inserted else {
                throw broken(version, "it has two actions for the same \(kind)\(name.isEmpty ? "" : " \"\(name)\"")")
            }
            if let fault = fault(of: action) { throw broken(version, fault) }
        }
        if version == 0, !seen.contains(["protocol", ""]) || !seen.contains(["metaData", ""]) {
            throw broken(version, "the first commit of a table needs protocol and metaData")
        }
    }

    private static func identity(of action: DeltaAction) -> (kind: String, name: String) {
        switch action {
        case .add(let add): ("file", add.path)
        case .remove(let remove): ("file", remove.path)
        case .metadata: ("metaData", "")
        case .protocol: ("protocol", "")
        case .domain(let domain): ("domain", domain.domain)
        case .transaction(let transaction): ("application", transaction.appID)
        case .commitInfo: ("commitInfo", "")
        }
    }

    private static func fault(of action: DeltaAction) -> String? {
        switch action {
        case .add(let add):
            do throws(ActionFault) {
                guard try DeltaPath.decode(add.reference).utf8.elementsEqual(add.path.utf8), add.size >= 0 else {
                    return "the path \"\(add.path)\" or its size is not possible"
                }
                return nil
            } catch {
                return error.reason
            }
        case .domain(let domain) where domain.domain.hasPrefix("delta."):
            return "the domain \(domain.domain) belongs to the protocol"
        case .protocol(let new): return new.obstacleToWriting
        default: return nil
        }
    }

    private static func broken(_ version: Int64, _ reason: String) -> DeltaLakeError {
        DeltaLakeError(
            .invalidArgument,
            "Version \(version) cannot be committed: \(reason); mend the actions.",
            object: LogFile.commitKey(max(version, 0))
        )
    }
}
