internal import TextEncoding

/// Log entries as bytes: one action a line.
///
/// Source: Delta Lake protocol, "Delta Log Entries".
enum CommitFile {
    /// The lines of some actions, `commitInfo` first, the others in their order.
    static func encode(_ actions: [DeltaAction]) -> [UInt8] {
        var output: [UInt8] = []
        for action in actions {
            JSONValue.object([action.name: action.json]).serialize(to: &output)
            output.append(UInt8(ascii: "\n"))
        }
        return output
    }

    /// The actions of a log entry; lines with actions of other kinds are skipped.
    ///
    /// - Throws: ``DeltaLakeError`` that names object and line.
    static func decode(_ bytes: [UInt8], object: String, location: String) throws -> [DeltaAction] {
        var actions: [DeltaAction] = []
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            let place = "Line \(number) of \(object) in \(location)"
            do throws(ActionFault) {
                if let action = try action(line) { actions.append(action) }
            } catch {
                throw error.error(place, object: object)
            }
        }
        return actions
    }

    private static func action(_ line: ArraySlice<UInt8>) throws(ActionFault) -> DeltaAction? {
        let value: JSONValue
        do throws(JSONValue.Failure) {
            value = try JSONValue.parse(line)
        } catch {
            throw ActionFault("\(error)")
        }
        return try DeltaAction(value)
    }
}

extension DeltaAction {
    /// The name of the action in log and checkpoint.
    var name: String {
        switch self {
        case .add: "add"
        case .remove: "remove"
        case .metadata: "metaData"
        case .protocol: "protocol"
        case .domain: "domainMetadata"
        case .transaction: "txn"
        case .commitInfo: "commitInfo"
        }
    }

    var json: JSONValue {
        switch self {
        case .add(let action): action.json
        case .remove(let action): action.json
        case .metadata(let action): action.json
        case .protocol(let action): action.json
        case .domain(let action): action.json
        case .transaction(let action): action.json
        case .commitInfo(let action): action.json
        }
    }

    /// The action in an object with its name as the only member; `nil` when it is of a kind that is not known.
    init?(_ value: JSONValue) throws(ActionFault) {
        guard case .object(let members) = value else { throw ActionFault("the line is no JSON object") }
        var found: DeltaAction?
        for (name, value) in members where value != .null {
            guard let action = try DeltaAction(name: name, value) else { continue }
            guard found == nil else { throw ActionFault("more than one action stands in a place for one") }
            found = action
        }
        guard let found else { return nil }
        self = found
    }

    private init?(name: String, _ value: JSONValue) throws(ActionFault) {
        do throws(ActionFault) {
            switch name {
            case "add": self = .add(try DeltaAdd(ActionFields(value)))
            case "remove": self = .remove(try DeltaRemove(ActionFields(value)))
            case "metaData": self = .metadata(try DeltaMetadata(ActionFields(value)))
            case "protocol": self = .protocol(try DeltaProtocol(ActionFields(value)))
            case "domainMetadata": self = .domain(try DomainMetadata(ActionFields(value)))
            case "txn": self = .transaction(try DeltaTransaction(ActionFields(value)))
            case "commitInfo": self = .commitInfo(CommitInfo(try ActionFields(value)))
            default: return nil
            }
        } catch {
            throw ActionFault("\(name): \(error.reason)", isUnsupported: error.isUnsupported)
        }
    }
}
