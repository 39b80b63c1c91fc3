/// A step that the durability of a put or a deletion depends on.
package enum LocalStep: Sendable, Hashable {
    /// Bytes are written to a file that nobody sees yet.
    case write
    /// That file is brought to stable storage.
    case synchronizeData
    /// The file gets its name, by link or rename.
    case place(String)
    /// The entries of a directory are brought to stable storage.
    case synchronizeDirectory(String)
}
