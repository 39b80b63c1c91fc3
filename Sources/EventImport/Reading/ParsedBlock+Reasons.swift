internal import CSimdJSON
internal import JMESPath
internal import Parquet

extension ParsedBlock {
    /// Where in a rejected line the fault is, in characters from 1; `nil` when it is not at one place.
    package func column(of line: RejectedLine) -> Int? {
        guard line.fault.position != .max, !isCut else { return nil }
        let before = bytes(of: line).prefix(Int(line.fault.position))
        return before.count { $0 & 0xC0 != 0x80 } + 1
    }

    /// Why a line was rejected, in words without a full stop.
    package func reason(of line: RejectedLine) -> String {
        let fault = line.fault
        let expression = mapping[fault.field]
        let name = expression.map { "\($0.plainPath == nil ? "expression" : "field") `\($0.text)`" } ?? ""
        switch fault.kind {
        case .json: return jsonReason(of: line)
        case .notObject: return "not a JSON object"
        case .missing: return "no \(name)"
        case .null: return "\(name) is null"
        case .wrongKind: return "\(name) is \(words(for: fault.found)), but \(wanted(for: fault.field))"
        case .failed: return "\(name): \(excerpt(fault.text, 256))"
        case .empty: return "\(fault.field) is empty"
        case .tooLong: return "\(fault.field) is longer than \(limits.fieldLength) bytes"
        case .notRFC3339: return "timestamp `\(excerpt(fault.text))` is not RFC 3339"
        case .notNumber: return "timestamp `\(excerpt(fault.text))` is not a number of \(mapping.timestampUnit)"
        case .outOfRange: return "timestamp \(excerpt(fault.text)) is out of range"
        case .notSeconds:
            return "timestamp \(excerpt(fault.text)) is past the year 9999 as seconds; "
                + "say whether it is milliseconds, microseconds or nanoseconds"
        }
    }

    private func jsonReason(of line: RejectedLine) -> String {
        switch line.fault.status {
        case HW_JSON_LINE_TOO_LONG:
            "line of \(block.oversizedLength ?? Int(line.length)) bytes is longer than "
                + "\(min(limits.lineLength, block.maximumLineLength))"
        case HW_JSON_NOT_UTF8: "not valid UTF-8"
        case HW_JSON_CONTROL_CHARACTER: "control character inside a string"
        case HW_JSON_UNTERMINATED_STRING: "unterminated string"
        case HW_JSON_BAD_ESCAPE: "unknown escape sequence"
        case HW_JSON_LONE_SURROGATE: "half of a surrogate pair, which is no character"
        case HW_JSON_BAD_NUMBER: "malformed number"
        case HW_JSON_BAD_LITERAL: "unknown word (JSON has true, false and null)"
        case HW_JSON_EXPECTED_VALUE: "expected a value\(found(in: line))"
        case HW_JSON_EXPECTED_NAME: "expected the name of a member in double quotes\(found(in: line))"
        case HW_JSON_EXPECTED_COLON: "expected `:` after the name of a member\(found(in: line))"
        case HW_JSON_EXPECTED_COMMA_IN_OBJECT: "expected `,` or `}` in an object\(found(in: line))"
        case HW_JSON_EXPECTED_COMMA_IN_ARRAY: "expected `,` or `]` in an array\(found(in: line))"
        case HW_JSON_ENDS_EARLY: "line ends before its value does"
        case HW_JSON_TRAILING: "more than one value on the line"
        case HW_JSON_TOO_DEEP: "nested deeper than \(limits.depth) levels"
        default: "not JSON"
        }
    }

    /// The character at the fault, if it can be shown.
    private func found(in line: RejectedLine) -> String {
        let rest = bytes(of: line).dropFirst(Int(line.fault.position)).prefix(4)
        guard let character = String(decoding: rest, as: UTF8.self).unicodeScalars.first,
            character.value >= 0x20, character.value != 0x7F, character.value != 0xFFFD
        else { return "" }
        return ", found `\(character)`"
    }

    private func wanted(for field: MappedField) -> String {
        switch field {
        case .id: "an id is a string or a number"
        case .timestamp: "a timestamp is \(mapping.timestampUnit == .rfc3339 ? "a string" : "a string or a number")"
        case .key: "a key is a string, a number, true or false"
        }
    }

    private func words(for kind: hw_json_kind) -> String {
        switch kind {
        case HW_JSON_NULL: "null"
        case HW_JSON_TRUE: "true"
        case HW_JSON_FALSE: "false"
        case HW_JSON_NUMBER: "a number"
        case HW_JSON_STRING: "a string"
        case HW_JSON_OBJECT: "an object"
        case HW_JSON_ARRAY: "an array"
        default: "missing"
        }
    }

    /// The start of a field's text, with what would break a line of a terminal replaced.
    private func excerpt(_ view: ByteView, _ length: Int = 64) -> String {
        var shown = ""
        for scalar in String(decoding: buffers[Int(view.buffer)][view.range].prefix(length), as: UTF8.self)
            .unicodeScalars
        {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            shown.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return view.length > length ? shown + "…" : shown
    }
}
