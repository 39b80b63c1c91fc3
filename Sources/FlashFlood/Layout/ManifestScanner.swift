internal import CSimdJSON
internal import Parquet

/// Takes a manifest apart, left to right, without a tree: one of a combined journal can be large.
struct ManifestScanner {
    private let bytes: [UInt8]
    private var position = 0
    private static let deepest = 32

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads the whole document (RFC 8259) and adds its events.
    mutating func read(into manifest: inout Manifest) throws(ManifestFault) {
        var found = false
        try members { scanner, name throws(ManifestFault) in
            guard name.elementsEqual("events".utf8) else { return try scanner.skipValue(0) }
            if found { throw scanner.fault("it has two lists of events") }
            found = true
            try scanner.events(&manifest)
        }
        skipSpace()
        guard position == bytes.count else { throw fault("something follows its end") }
        guard found else { throw fault("it has no list of events") }
    }

    private mutating func events(_ manifest: inout Manifest) throws(ManifestFault) {
        try expect("[", "the list of events")
        skipSpace()
        if take("]") { return }
        repeat {
            try event(&manifest)
            skipSpace()
        } while take(",")
        try expect("]", "`,` or the end of the list of events")
    }

    private mutating func event(_ manifest: inout Manifest) throws(ManifestFault) {
        skipSpace()
        let start = position
        var id: [UInt8]?
        var timestamp: Int64?
        var offset: Int64?
        var size: Int64?
        try members { scanner, name throws(ManifestFault) in
            if name.elementsEqual("event_id".utf8) {
                id = try scanner.string()
            } else if name.elementsEqual("timestamp".utf8) {
                let place = scanner.position
                timestamp = FloodTime.parse(try scanner.string()[...])
                guard timestamp != nil else { throw ManifestFault(reason: "a timestamp is none", offset: place) }
            } else if name.elementsEqual("offset".utf8) {
                offset = try scanner.integer()
            } else if name.elementsEqual("size".utf8) {
                size = try scanner.integer()
            } else {
                try scanner.skipValue(1)
            }
        }
        guard let id, let timestamp, let offset, let size else {
            throw ManifestFault(reason: "an event lacks its id, timestamp, offset or size", offset: start)
        }
        guard !offset.addingReportingOverflow(size).overflow else {
            throw ManifestFault(reason: "an event ends beyond any blob", offset: start)
        }
        manifest.ids.append(id)
        manifest.timestamps.append(timestamp)
        manifest.offsets.append(offset)
        manifest.sizes.append(size)
    }

    // MARK: - Tokens

    /// Goes through an object; `body` reads the value of each member.
    private mutating func members(
        _ body: (inout ManifestScanner, [UInt8]) throws(ManifestFault) -> Void
    ) throws(ManifestFault) {
        try expect("{", "an object")
        skipSpace()
        if take("}") { return }
        repeat {
            skipSpace()
            let name = try string()
            try expect(":", "`:`")
            skipSpace()
            try body(&self, name)
            skipSpace()
        } while take(",")
        try expect("}", "`,` or the end of an object")
    }

    /// A string without its quotes, escapes undone.
    private mutating func string() throws(ManifestFault) -> [UInt8] {
        try expect("\"", "a string")
        let start = position
        var isEscaped = false
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                isEscaped = true
                position += 1
            }
            position += 1
        }
        guard position < bytes.count else { throw fault("a string does not end") }
        let text = bytes[start..<position]
        position += 1
        guard isEscaped else { return Array(text) }
        var length = 0
        let unescaped = unsafe [UInt8](unsafeUninitializedCapacity: text.count) { output, filled in
            guard let to = output.baseAddress else { return }
            length = unsafe text.withUnsafeBufferPointer { input in
                guard let from = input.baseAddress else { return 0 }
                return unsafe hw_json_unescape(from, input.count, to)
            }
            filled = max(0, length)
        }
        guard length >= 0 else { throw ManifestFault(reason: "a string has a bad escape sequence", offset: start) }
        return unescaped
    }

    /// A whole number that is not negative.
    private mutating func integer() throws(ManifestFault) -> Int64 {
        let start = position
        var value: Int64 = 0
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(bytes[position] - UInt8(ascii: "0")))
            if overflow || carry { throw ManifestFault(reason: "a number is too large", offset: start) }
            value = sum
            position += 1
        }
        guard position > start else { throw fault("an offset or a size is no whole number from 0 up") }
        if position < bytes.count, [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[position]) {
            throw fault("an offset or a size is no whole number")
        }
        return value
    }

    private mutating func skipValue(_ depth: Int) throws(ManifestFault) {
        guard depth < Self.deepest else { throw fault("it is nested too deeply") }
        skipSpace()
        guard position < bytes.count else { throw fault("it ends early") }
        switch bytes[position] {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"):
            try members { scanner, _ throws(ManifestFault) in try scanner.skipValue(depth + 1) }
        case UInt8(ascii: "["):
            position += 1
            skipSpace()
            if take("]") { return }
            repeat {
                try skipValue(depth + 1)
                skipSpace()
            } while take(",")
            try expect("]", "`,` or the end of a list")
        default:
            let start = position
            while position < bytes.count, ManifestScanner.isScalar(bytes[position]) { position += 1 }
            if position == start { throw fault("a value was expected") }
        }
    }

    private static func isScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar, _ what: String) throws(ManifestFault) {
        skipSpace()
        guard take(character) else {
            throw fault(position < bytes.count ? "\(what) was expected" : "it ends early")
        }
    }

    private func fault(_ reason: String) -> ManifestFault { ManifestFault(reason: reason, offset: position) }
}
