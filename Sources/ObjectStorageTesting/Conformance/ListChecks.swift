internal import ObjectStorage

extension ObjectStoreConformance {
    private static let treeKeys = [
        "a", "a-1", "a.txt", "ab/1", "ab/2", "ab/c/1", "ab/c/2", "abc/1", "b/1", "b/x/y/z", "c", "c-d/1", "c0/1", "z",
    ]
    .sorted(by: precedes)

    private static func plant(_ store: any ObjectStore) async throws {
        for key in treeKeys { try await store.put(key, Array(key.utf8), mode: .overwrite) }
    }

    /// Listing.
    static let listChecks: [Check] = [
        Check("an empty store lists nothing") { store in
            try expectEqual(try await store.list(ListOptions()), ListPage(), "The page")
            try expectEqual(try await store.list(ListOptions(prefix: "a/b", delimiter: "/")), ListPage(), "The page")
        },
        Check("a listing has size and entity tag of each object") { store in
            try await plant(store)
            for object in try await allPages(store, ListOptions(limit: 4)).flatMap(\.objects) {
                try expectEqual(object.size, UInt64(object.key.utf8.count), "The size of \(object.key)")
                let head = try await store.head(object.key)
                try expectEqual(object.entityTag, head.entityTag, "The entity tag of \(object.key)")
                // S3 gives seconds in a head and milliseconds in a listing.
                try expect(
                    abs(object.lastModified - head.lastModified) < 1_000_000,
                    "The time of \(object.key) is \(object.lastModified), but in its head \(head.lastModified)"
                )
            }
        },
        Check("a prefix need not end where a component does") { store in
            try await plant(store)
            for prefix in [
                "", "a", "ab", "ab/", "ab/c", "ab/c/", "ab/c/1", "abc", "b/x/y/z", "c", "c-", "zz", "a/", "-",
            ] {
                let expected = treeKeys.filter { $0.utf8.starts(with: prefix.utf8) }
                try expectEqual(
                    try await allKeys(store, ListOptions(prefix: prefix)),
                    expected,
                    "The listing of \(prefix)"
                )
            }
            for prefix in ["/", "//", "/a", "../", "..", "./", "ab//", "ab/../", "ab/./1", "ab/c/1/", "z/\u{0}/"] {
                try expectEqual(try await allKeys(store, ListOptions(prefix: prefix)), [], "The listing of \(prefix)")
            }
        },
        Check("pages of every size hold each object once") { store in
            try await plant(store)
            for limit in 1...treeKeys.count + 1 {
                try expectEqual(try await allKeys(store, ListOptions(limit: limit)), treeKeys, "Pages of \(limit)")
            }
            try expectEqual(
                try await allPages(store, ListOptions(prefix: "ab", limit: 1)).filter { !$0.objects.isEmpty }.count,
                5,
                "The number of pages of one object"
            )
        },
        Check("two listings at once do not disturb each other") { store in
            try await plant(store)
            let keys = treeKeys
            let found = try await concurrently(12) { number in
                try await allKeys(store, ListOptions(prefix: number % 3 == 0 ? "ab" : "", limit: 1 + number % 4))
            }
            for (number, found) in found.enumerated() {
                let expected = number % 3 == 0 ? keys.filter { $0.utf8.starts(with: "ab".utf8) } : keys
                try expectEqual(found, expected, "Listing \(number)")
            }
        },
        Check("a page can be asked for twice") { store in
            try await plant(store)
            let first = try await store.list(ListOptions(limit: 5))
            let again = ListOptions(continuation: first.continuation, limit: 5)
            let second = try await store.list(again)
            let repeated = try await store.list(again)
            try expectEqual(repeated.objects, second.objects, "The page asked for again")
            let rest = try await allKeys(store, ListOptions(continuation: repeated.continuation, limit: 5))
            let all = first.objects.map(\.key) + second.objects.map(\.key) + rest
            try expectEqual(all.sorted(by: precedes), treeKeys, "All pages together")
        },
        Check("only what is behind startAfter is listed") { store in
            try await plant(store)
            for start in treeKeys + ["", "0", "a/", "ab", "ab/", "ab/c", "ab/c/1x", "b/x", "zz", "é"] {
                for (prefix, limit) in [("", 1000), ("", 2), ("ab/", 1000), ("ab/", 1), ("c", 1000)] {
                    let expected = treeKeys.filter { precedes(start, $0) && $0.utf8.starts(with: prefix.utf8) }
                    let options = ListOptions(prefix: prefix, startAfter: start, limit: limit)
                    try expectEqual(
                        try await allKeys(store, options),
                        expected,
                        "\(prefix) behind \(start) by \(limit)"
                    )
                }
            }
        },
        Check("a delimiter groups keys into common prefixes") { store in
            try await plant(store)
            for delimiter in ["/", "-", "b/", "c"] {
                for prefix in ["", "a", "ab", "ab/", "ab/c", "b", "b/", "b/x/", "c"] {
                    var keys: [String] = []
                    var groups: Set<String> = []
                    for key in treeKeys where key.hasPrefix(prefix) {
                        if let end = key.dropFirst(prefix.count).range(of: delimiter)?.upperBound {
                            groups.insert(String(key[..<end]))
                        } else {
                            keys.append(key)
                        }
                    }
                    for limit in [1000, 1, 2, 3] {
                        let options = ListOptions(prefix: prefix, delimiter: delimiter, limit: limit)
                        let name = "of \(prefix) by \(delimiter) in pages of \(limit)"
                        try expectEqual(try await allKeys(store, options), keys, "The objects \(name)")
                        let prefixes = try await allCommonPrefixes(store, options)
                        try expectEqual(prefixes, groups.sorted(by: precedes), "The common prefixes \(name)")
                    }
                }
            }
            try expect(try await store.delete(["b/1", "b/x/y/z"]).isEmpty, "Deleting failed")
            let left = try await allCommonPrefixes(store, ListOptions(delimiter: "/"))
            try expectEqual(left, ["ab/", "abc/", "c-d/", "c0/"], "The common prefixes after one was emptied")
        },
        Check("a listing beside writers shows once what exists all the time") { store in
            let steady = (0..<60).map { "folder\($0 % 3)/steady-\($0)" }.sorted(by: precedes)
            for key in steady { try await store.put(key, [], mode: .overwrite) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<3 {
                    group.addTask {
                        var round = 0
                        while !Task.isCancelled {
                            let keys = (0..<5).map { "folder\(writer)/s\(($0 * 7 + round) % 50)" }
                            do {
                                for key in keys { try await store.put(key, [1], mode: .overwrite) }
                                _ = try await store.delete(keys)
                            } catch is CancellationError {
                                return
                            }
                            round += 1
                        }
                    }
                }
                for round in 0..<12 {
                    let keys = try await allKeys(store, ListOptions(limit: 1 + round * 3))
                    try expectEqual(
                        keys.filter { $0.contains("steady") },
                        steady,
                        "The objects that stay, round \(round)"
                    )
                }
                group.cancelAll()
                try await group.waitForAll()
            }
        },
    ]
}

extension StringProtocol {
    /// Where a string is first, by characters; what Foundation's method of that name does.
    fileprivate func range(of other: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
