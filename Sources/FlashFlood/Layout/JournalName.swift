/// The name of a flash-flood journal: `START--END--VERSION--BLOB`.
struct JournalName: Sendable, Hashable {
    /// The whole name.
    let text: String
    /// The object with the payloads, beside the others of ``FloodLayout/blobs``.
    let blob: String
    /// `new`, or when the journal was combined or rewritten.
    let version: String

    /// Reads a name; `nil` when it is none.
    ///
    /// START and END are those of the first and the last event in the manifest, whatever is between; of an END `new`
    /// nothing is known.
    init?(_ text: String) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let parts = text.split(separator: FloodLayout.delimiter, omittingEmptySubsequences: false)
        guard parts.count == 4, !parts[2].isEmpty, !parts[3].isEmpty, FloodTime.parse(parts[0]) != nil,
            parts[1] == FloodLayout.newVersion || FloodTime.parse(parts[1]) != nil
        else { return nil }
        self.text = text
        version = String(parts[2])
        blob = String(parts[3])
    }

    /// The name of a journal with these events.
    init(first: Int64, last: Int64, version: String, blob: String) {
        text = [FloodTime.text(first), FloodTime.text(last), version, blob].joined(separator: FloodLayout.delimiter)
        self.version = version
        self.blob = blob
    }

    var manifestKey: String { FloodLayout.journals + text }
    var blobKey: String { FloodLayout.blobs + blob }

    /// Whether it was not combined yet.
    var isNew: Bool { version == FloodLayout.newVersion }
}
