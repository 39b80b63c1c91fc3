import Foundation

/// A journal's directory, looked at and changed past the program.
struct JournalFiles {
    let path: String

    /// Dates everything back, as if so many hours had passed.
    func age(hours: Double) throws {
        let past = Date(timeIntervalSinceNow: -3600 * hours)
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: path + "/" + name)
        }
    }

    /// The names in a folder; none when there is no such folder.
    func names(_ folder: String) throws -> [String] {
        let folder = path + "/" + folder
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    /// Every file, relative to the journal.
    func all() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path)
            .filter { name in
                var isDirectory: ObjCBool = false
                return unsafe FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isDirectory)
                    && !isDirectory.boolValue
            }
            .sorted()
    }
}
