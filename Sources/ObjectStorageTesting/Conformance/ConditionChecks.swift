internal import ObjectStorage

extension ObjectStoreConformance {
    /// Puts that take effect only under a condition, one at a time.
    static let conditionChecks: [Check] = [
        Check("an if-absent put leaves an object that exists as it is") { store in
            let put = try await store.put("a/object", [1], mode: .ifAbsent)
            for _ in 0..<3 {
                try await expectError(.alreadyExists, of: "if-absent put") {
                    try await store.put("a/object", [2, 2], mode: .ifAbsent)
                }
            }
            let got = try await store.get("a/object", range: nil)
            try expectBytes(got.bytes, [1], "The object")
            try expectEqual(got.metadata.entityTag, put.entityTag, "Its entity tag")
            try expect(try await store.delete(["a/object"]).isEmpty, "Deleting failed")
            try await store.put("a/object", [3], mode: .ifAbsent)
            try expectBytes(try await store.get("a/object", range: nil).bytes, [3], "The object put after deleting")
            try expectEqual(try await allKeys(store), ["a/object"], "The listing")
        },
        Check("an if-matches put replaces that very version alone") { store in
            let first = try await store.put("object", [1], mode: .ifAbsent)
            let second = try await store.put("object", [2], mode: .ifMatches(entityTag: first.entityTag))
            try expectBytes(try await store.get("object", range: nil).bytes, [2], "The object")
            try expect(second.entityTag != first.entityTag, "The entity tag did not change")
            try await expectError(.preconditionFailed, of: "if-matches put with an old tag") {
                try await store.put("object", [3], mode: .ifMatches(entityTag: first.entityTag))
            }
            try await expectError(.preconditionFailed, of: "if-matches copy with an old tag") {
                try await store.put("other", [4], mode: .overwrite)
                return try await store.copy("other", to: "object", mode: .ifMatches(entityTag: first.entityTag))
            }
            try expectBytes(try await store.get("object", range: nil).bytes, [2], "The object after lost puts")
            let third = try await store.copy("other", to: "object", mode: .ifMatches(entityTag: second.entityTag))
            try expectBytes(try await store.get("object", range: nil).bytes, [4], "The object after a copy")
            try expect(try await store.delete(["object"]).isEmpty, "Deleting failed")
            try await expectError(.preconditionFailed, of: "if-matches put on a deleted object") {
                try await store.put("object", [5], mode: .ifMatches(entityTag: third.entityTag))
            }
            try await expectError(.preconditionFailed, of: "if-matches put on what never was") {
                try await store.put("never/was", [5], mode: .ifMatches(entityTag: third.entityTag))
            }
            try expectEqual(try await allKeys(store), ["other"], "The listing")
        },
    ]
}
