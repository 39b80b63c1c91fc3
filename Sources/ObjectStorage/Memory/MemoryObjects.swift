/// The objects of a ``MemoryObjectStore``: an array sorted by the bytes of the keys.
struct MemoryObjects: Sendable {
    /// One object's value.
    struct Object: Sendable {
        var bytes: [UInt8]
        var entityTag: String
        var lastModified: Int64

        func metadata(_ key: String) -> ObjectMetadata {
            ObjectMetadata(
                key: key,
                size: UInt64(bytes.count),
                entityTag: entityTag,
                lastModified: lastModified
            )
        }
    }

    private var keys: [String] = []
    private var values: [Object] = []
    private var version: UInt64 = 0

    func object(_ key: String) -> Object? {
        let index = firstIndex { !ObjectKey.precedes($0, key) }
        return holds(key, at: index) ? values[index] : nil
    }

    mutating func insert(_ key: String, _ bytes: [UInt8], at time: Int64) -> ObjectMetadata {
        version += 1
        let object = Object(bytes: bytes, entityTag: String(version), lastModified: time)
        let index = firstIndex { !ObjectKey.precedes($0, key) }
        if holds(key, at: index) {
            values[index] = object
        } else {
            keys.insert(key, at: index)
            values.insert(object, at: index)
        }
        return object.metadata(key)
    }

    mutating func remove(_ key: String) {
        let index = firstIndex { !ObjectKey.precedes($0, key) }
        guard holds(key, at: index) else { return }
        keys.remove(at: index)
        values.remove(at: index)
    }

    func page(_ options: ListOptions, from start: ListPosition?) -> ListPage {
        var page = ListPage()
        var position = start
        var index = firstIndex { !ObjectKey.precedes($0, options.prefix) }
        if let start { index = max(index, self.index(behind: start)) }
        while index < keys.count, ObjectKey.hasPrefix(keys[index], options.prefix) {
            if page.objects.count + page.commonPrefixes.count == options.boundedLimit {
                page.continuation = position?.continuation
                break
            }
            let key = keys[index]
            if let common = options.commonPrefix(of: key) {
                page.commonPrefixes.append(common)
                let behind = ListPosition(common, coversPrefix: true)
                position = behind
                index = self.index(behind: behind)
            } else {
                page.objects.append(values[index].metadata(key))
                position = ListPosition(key, coversPrefix: false)
                index += 1
            }
        }
        return page
    }

    private func index(behind position: ListPosition) -> Int {
        firstIndex {
            position.isBefore($0)
        }
    }

    private func holds(_ key: String, at index: Int) -> Bool {
        index < keys.count && ObjectKey.areIdentical(keys[index], key)
    }

    /// The first key for which the condition holds, which must then hold for all behind it.
    private func firstIndex(where condition: (String) -> Bool) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = low + (high - low) / 2
            if condition(keys[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
