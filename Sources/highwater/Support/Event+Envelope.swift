internal import EventJournal

extension Event {
    /// All but the payload, as JSON.
    var envelope: String {
        var text = JSONText()
        text.add("id", id)
        text.add("timestamp", timestamp.rfc3339)
        text.add("key", key)
        text.add("bytes", data.count)
        return text.text
    }
}
