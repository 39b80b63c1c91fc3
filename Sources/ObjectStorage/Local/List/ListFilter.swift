/// Which keys a listing wants: those with a prefix, behind a position.
struct ListFilter: Sendable {
    let prefix: [UInt8]
    /// Where the listing began or goes on; `nil` at the beginning.
    let bound: [UInt8]?
    /// Whether all keys that begin with the bound are done with, and not just the bound itself.
    let boundCoversPrefix: Bool

    init(prefix: String, position: ListPosition?) {
        self.prefix = Array(prefix.utf8)
        bound = position.map { Array($0.text.utf8) }
        boundCoversPrefix = position?.coversPrefix ?? false
    }

    /// The filter as it is for the names in one directory.
    func level(_ levelKey: [UInt8]) -> Level {
        let names = prefix.starts(with: levelKey) ? prefix[levelKey.count...] : []
        if let bound, bound.starts(with: levelKey) {
            return Level(prefix: names, bound: bound[levelKey.count...], boundCoversPrefix: boundCoversPrefix)
        }
        // Directories at or before the bound are not entered, so everything in this one is behind it.
        return Level(prefix: names, bound: nil, boundCoversPrefix: false)
    }

    /// Whether the bound is a key inside a directory, so that only a part of its keys is wanted.
    func cutsThrough(_ directoryKey: [UInt8]) -> Bool {
        guard let bound else { return false }
        return bound.count > directoryKey.count && bound.starts(with: directoryKey)
    }

    /// The filter for the names in one directory.
    struct Level {
        let prefix: ArraySlice<UInt8>
        let bound: ArraySlice<UInt8>?
        let boundCoversPrefix: Bool

        /// Whether a name (a directory's with its slash) is that of a wanted key, or of a directory that may have some.
        func admits(_ name: ArraySlice<UInt8>, isDirectory: Bool) -> Bool {
            if !prefix.isEmpty, !name.starts(with: prefix) { return false }
            guard let bound else { return true }
            if isDirectory, bound.starts(with: name) { return !(boundCoversPrefix && bound.count == name.count) }
            guard bound.lexicographicallyPrecedes(name) else { return false }
            return !(boundCoversPrefix && name.starts(with: bound))
        }
    }

    /// Whether a file's name can be a component of a key: UTF-8 without control bytes, and not the scratch directory's.
    static func isPartOfKey(_ name: UnsafeRawBufferPointer) -> Bool {
        var isASCII = true
        let isClean = unsafe name.allSatisfy { byte in
            if byte >= 0x80 { isASCII = false }
            return byte >= 0x20 && byte != 0x7F
        }
        if !isClean { return false }
        if !isASCII, unsafe String(validating: name, as: UTF8.self) == nil { return false }
        return
            unsafe !(name.count == LocalDirectory.scratchName.utf8.count
            && name.elementsEqual(LocalDirectory.scratchName.utf8))
    }
}
