/// How far a listing has come, for stores that list in the order of the keys' bytes.
///
/// Either behind one key, or behind every key that begins with a common prefix.
package struct ListPosition: Sendable, Hashable {
    /// The key or the common prefix.
    package var text: String
    /// Whether `text` is a prefix whose keys are all done with.
    package var coversPrefix: Bool

    /// Makes a position.
    package init(_ text: String, coversPrefix: Bool) {
        self.text = text
        self.coversPrefix = coversPrefix
    }

    /// Where a page begins: at the continuation, else behind `startAfter`, else (`nil`) at the beginning.
    ///
    /// - Throws: ``ObjectStoreError/Code/failed`` when the continuation is none of a sorted store's.
    package init?(_ options: ListOptions) throws {
        if let continuation = options.continuation {
            try self.init(continuation: continuation)
        } else if let startAfter = options.startAfter {
            self.init(startAfter, coversPrefix: false)
        } else {
            return nil
        }
    }

    /// Reads what ``continuation`` wrote.
    ///
    /// - Throws: ``ObjectStoreError/Code/failed`` when it is something else.
    package init(continuation: String) throws {
        // By bytes: as characters, a combining accent at the start of the key would belong to the letter before it.
        let rest = String(decoding: continuation.utf8.dropFirst(), as: UTF8.self)
        switch continuation.utf8.first {
        case UInt8(ascii: "k"): self.init(rest, coversPrefix: false)
        case UInt8(ascii: "p"): self.init(rest, coversPrefix: true)
        default:
            throw ObjectStoreError(
                .failed,
                "The continuation \(ObjectKey.quoted(continuation)) is not one this store handed out; "
                    + "pass ListPage.continuation unchanged."
            )
        }
    }

    /// The position as the continuation of a page.
    package var continuation: String { (coversPrefix ? "p" : "k") + text }

    /// Whether a key is still to come.
    package func isBefore(_ key: String) -> Bool {
        guard ObjectKey.precedes(text, key) else { return false }
        return !coversPrefix || !ObjectKey.hasPrefix(key, text)
    }
}

extension ListOptions {
    /// The common prefix that a key is grouped under: through the first delimiter behind ``prefix``; `nil` without one.
    package func commonPrefix(of key: String) -> String? {
        guard let delimiter, !delimiter.isEmpty else { return nil }
        let rest = key.utf8.dropFirst(prefix.utf8.count)
        var start = rest.startIndex
        while start < rest.endIndex {
            let tail = rest[start...]
            if tail.starts(with: delimiter.utf8) {
                let end = tail.index(start, offsetBy: delimiter.utf8.count)
                return String(key[..<end])
            }
            rest.formIndex(after: &start)
        }
        return nil
    }

    /// ``limit``, brought into its bounds.
    package var boundedLimit: Int { min(max(limit, 1), 1000) }
}
