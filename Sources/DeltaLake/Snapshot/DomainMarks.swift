/// Transactions that say in which version a domain was set last.
///
/// Programs that do not know ``DomainMetadata`` may leave it out of the checkpoints they write, but none may leave out
/// transactions. So each commit that sets a domain also sets a transaction, whose version is that of the commit; where
/// a checkpoint has the transaction and not the domain, that commit is read again. The version of a domain that was
/// removed is -1.
enum DomainMarks {
    private static let prefix = "highwater.domain:"

    /// Some actions with the marks of their domains behind them.
    static func marking(_ actions: [DeltaAction], version: Int64) -> [DeltaAction] {
        var marks: [DeltaAction] = []
        for case .domain(let domain) in actions {
            let appID = prefix + domain.domain
            let isMarked = actions.contains {
                if case .transaction(let transaction) = $0 { transaction.appID == appID } else { false }
            }
            if isMarked { continue }
            let mark = DeltaTransaction(appID: appID, version: domain.removed ? -1 : version)
            marks.append(.transaction(mark))
        }
        return actions + marks
    }

    /// By version, the domains that were set then as far as the marks tell, and that are not known.
    static func missing(_ transactions: [String: DeltaTransaction], known: Set<String>) -> [Int64: [String]] {
        var missing: [Int64: [String]] = [:]
        for transaction in transactions.values
        where transaction.version >= 0 && transaction.appID.hasPrefix(prefix) {
            let domain = String(transaction.appID.dropFirst(prefix.count))
            if !known.contains(domain) { missing[transaction.version, default: []].append(domain) }
        }
        return missing
    }
}
