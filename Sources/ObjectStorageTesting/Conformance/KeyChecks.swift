internal import ObjectStorage

extension ObjectStoreConformance {
    /// Keys that are easy to get wrong; none is a folder of another, and none differ in case or composition alone.
    static let oddKeys = [
        "a", "ab", "abc", "a.b", "a-b", "a b", " leading", "trailing ", "per%cent", "per%2Fcent", "per%25", "plus+plus",
        "til~de", "a&b=c?d#e", "quo'te\"s", "semi;colon:at@", "back\\slash", "star*[x]{y}", "<tag>", "$HOME`x`|y",
        "comma,", "..a", "a..", "...", ".hidden", "folder/.hidden", "folder/..x", "folder/…", "ümlaut", "日本/語", "🎉",
        "e\u{301}-decomposed", "\u{301}combining-first", "\u{FEFF}bom", "right\u{202E}left", "line\u{2028}separator",
        "nbsp\u{A0}",
        "0", "-", "--flag", "~", "!", "CON", "aux.txt", "_delta_log/00000000000000000000.json", "x=1/y=%3A/z",
        "long/" + String(repeating: "n", count: 255),
        "deep/" + Array(repeating: "d", count: 200).joined(separator: "/"),
        "k1024/" + Array(repeating: String(repeating: "k", count: 253), count: 4).joined(separator: "/") + "/12",
    ]

    /// What is no key.
    static let invalidKeys = [
        "", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/..", "a/../b", "../a", "a/./b", "../../etc/passwd",
        "nul\u{0}", "line\nfeed", "tab\t", "del\u{7F}", "\u{1}", String(repeating: "k", count: 1025),
        Array(repeating: String(repeating: "k", count: 204), count: 5).joined(separator: "/") + "/",
        String(repeating: "é/", count: 341) + "éé",
    ]

    /// What keys may be.
    static let keyChecks: [Check] = [
        Check("odd keys are kept apart and come back as they are") { store in
            for (index, key) in oddKeys.enumerated() {
                try expect(key.utf8.count <= 1024, "The check itself has too long a key")
                let put = try await store.put(key, Array(key.utf8) + [UInt8(index)], mode: .ifAbsent)
                try expect(put.key.utf8.elementsEqual(key.utf8), "A put of \(key) returned the key \(put.key)")
            }
            for (index, key) in oddKeys.enumerated() {
                let got = try await store.get(key, range: nil)
                try expectBytes(got.bytes, Array(key.utf8) + [UInt8(index)], "The object \(key)")
                try expect(got.metadata.key.utf8.elementsEqual(key.utf8), "\(key) came back as \(got.metadata.key)")
                try expectEqual(try await store.head(key).size, UInt64(key.utf8.count + 1), "The size of \(key)")
            }
            let expected = oddKeys.sorted(by: precedes).map { Array($0.utf8) }
            try expectEqual(try await allKeys(store).map { Array($0.utf8) }, expected, "The listing")
            try expectEqual(
                try await allKeys(store, ListOptions(limit: 3)).map { Array($0.utf8) },
                expected,
                "The listing in pages of three"
            )
            for key in oddKeys {
                let found = try await allKeys(store, ListOptions(prefix: key))
                let wanted = oddKeys.filter { $0.utf8.starts(with: key.utf8) }.sorted(by: precedes)
                try expectEqual(found.map { Array($0.utf8) }, wanted.map { Array($0.utf8) }, "The listing of \(key)")
            }
            try expect(try await store.delete(oddKeys).isEmpty, "Deleting odd keys failed")
            try expectEqual(try await allKeys(store), [], "The listing after deleting")
        },
        Check("what is no key is refused by every operation") { store in
            for key in invalidKeys {
                let name = "of \(key.debugDescription)"
                try await expectError(.invalidKey, of: "get \(name)") { try await store.get(key, range: nil) }
                try await expectError(.invalidKey, of: "head \(name)") { try await store.head(key) }
                try await expectError(.invalidKey, of: "put \(name)") {
                    try await store.put(key, [1], mode: .overwrite)
                }
                try await expectError(.invalidKey, of: "if-absent put \(name)") {
                    try await store.put(key, [1], mode: .ifAbsent)
                }
                try await expectError(.invalidKey, of: "upload \(name)") {
                    try await store.beginUpload(key, mode: .overwrite)
                }
                try await store.put("good", [1], mode: .overwrite)
                try await expectError(.invalidKey, of: "copy \(name)") {
                    try await store.copy(key, to: "good", mode: .overwrite)
                }
                try await expectError(.invalidKey, of: "copy to what is no key: \(name)") {
                    try await store.copy("good", to: key, mode: .overwrite)
                }
                let failures = try await store.delete([key, "good"])
                try expectEqual(failures.map(\.key), [key], "The keys that could not be deleted")
                try expectEqual(failures.map(\.error.code), [.invalidKey], "Why \(name) could not be deleted")
                try await expectError(.notFound, of: "head of the other key deleted") { try await store.head("good") }
            }
            try expectEqual(try await allKeys(store), [], "The listing")
        },
    ]
}
