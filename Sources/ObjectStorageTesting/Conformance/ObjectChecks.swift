internal import ObjectStorage

extension ObjectStoreConformance {
    /// Put, get, head, delete and copy of whole objects.
    static let objectChecks: [Check] = [
        Check("an object is read as it was put") { store in
            let bytes = pattern(1000, seed: 1)
            let put = try await store.put("folder/object", bytes, mode: .overwrite)
            try expectEqual(put.key, "folder/object", "The key of a put")
            try expectEqual(put.size, 1000, "The size of a put")
            try expect(!put.entityTag.isEmpty, "The entity tag of a put is empty")
            let got = try await store.get("folder/object", range: nil)
            try expectBytes(got.bytes, bytes, "What was got")
            try expectEqual(got.offset, 0, "The offset of a whole object")
            try expectEqual(got.metadata.entityTag, put.entityTag, "The entity tag of a get")
            try expectEqual(got.metadata.size, 1000, "The size in a get")
            try expectEqual(got.metadata.key, "folder/object", "The key in a get")
            let head = try await store.head("folder/object")
            try expectEqual(head.entityTag, put.entityTag, "The entity tag of a head")
            try expectEqual(head.size, 1000, "The size of a head")
            try expectEqual(head.key, "folder/object", "The key of a head")
            // After 2001 and before 2100: seconds, milliseconds or nanoseconds in place of microseconds are noticed.
            let years: ClosedRange<Int64> = 1_000_000_000_000_000...4_102_444_800_000_000
            try expect(
                years.contains(head.lastModified),
                "The time \(head.lastModified) is not microseconds since 1970"
            )
        },
        Check("an object that does not exist is not found") { store in
            try await store.put("folder/object", [1], mode: .overwrite)
            for key in ["nothing", "folder", "folder/object/below", "folder/objec", "folder/object2", "other/object"] {
                try await expectError(.notFound, of: "get of \(key)") { try await store.get(key, range: nil) }
                try await expectError(.notFound, of: "ranged get of \(key)") {
                    try await store.get(key, range: .range(0..<1))
                }
                try await expectError(.notFound, of: "head of \(key)") { try await store.head(key) }
                try await expectError(.notFound, of: "copy of \(key)") {
                    try await store.copy(key, to: "copy", mode: .overwrite)
                }
            }
            try expectEqual(try await allKeys(store), ["folder/object"], "The listing")
        },
        Check("an empty object is an object") { store in
            let put = try await store.put("empty", [], mode: .ifAbsent)
            try expectEqual(put.size, 0, "The size of an empty object")
            let got = try await store.get("empty", range: nil)
            try expectBytes(got.bytes, [], "The empty object")
            try expectEqual(try await store.head("empty").size, 0, "The size in its head")
            try expectEqual(try await allKeys(store), ["empty"], "The listing")
            try await expectError(.alreadyExists, of: "if-absent put on an empty object") {
                try await store.put("empty", [1], mode: .ifAbsent)
            }
        },
        Check("an object of several MiB is read as it was put") { store in
            let bytes = pattern(7 << 20 | 3, seed: 2)
            try await store.put("big", bytes, mode: .overwrite)
            try expectBytes(try await store.get("big", range: nil).bytes, bytes, "The big object")
            let part = try await store.get("big", range: .range(3_000_000..<6_000_000))
            try expectBytes(part.bytes, Array(bytes[3_000_000..<6_000_000]), "Its middle")
        },
        Check("overwriting replaces the bytes and changes the entity tag") { store in
            var tags: Set<String> = []
            for (version, size) in [500, 500, 100, 1000, 0, 1, 1, 1].enumerated() {
                let bytes = [UInt8](repeating: UInt8(version), count: size)
                let put = try await store.put("object", bytes, mode: .overwrite)
                try expectBytes(try await store.get("object", range: nil).bytes, bytes, "Version \(version)")
                tags.insert(put.entityTag)
                try expectEqual(tags.count, version + 1, "The number of different entity tags")
            }
            // Without anything in between, so that clocks and inode numbers have no time to change.
            var rapid: Set<String> = []
            for version in 0..<50 {
                rapid.insert(try await store.put("object", [UInt8(version)], mode: .overwrite).entityTag)
            }
            try expectEqual(rapid.count, 50, "The number of different entity tags of rapid puts")
        },
        Check("a deleted object is gone, and deleting nothing succeeds") { store in
            try await store.put("a", [1], mode: .overwrite)
            try await store.put("b", [2], mode: .overwrite)
            try await store.put("c/d/e", [3], mode: .overwrite)
            try expect(try await store.delete([]).isEmpty, "Deleting no keys failed")
            try expect(try await store.delete(["a", "missing", "c/d/e", "c", "x/y"]).isEmpty, "Deleting failed")
            try await expectError(.notFound, of: "get of a deleted object") { try await store.get("a", range: nil) }
            try expectEqual(try await allKeys(store), ["b"], "The listing")
            try expect(try await store.delete(["a"]).isEmpty, "Deleting again failed")
            try await store.put("a", [4], mode: .ifAbsent)
            try expectBytes(try await store.get("a", range: nil).bytes, [4], "The object put again")
            // What a deleted object's folder was called can become an object.
            try await store.put("c", [5], mode: .ifAbsent)
            try expectBytes(try await store.get("c", range: nil).bytes, [5], "The object named as a folder was")
        },
        Check("many objects are deleted at once") { store in
            let keys = (0..<1100).map { "many/\($0 % 7)/\($0)" }
            _ = try await concurrently(10) { part in
                for index in stride(from: part, to: keys.count, by: 10) {
                    try await store.put(keys[index], [], mode: .overwrite)
                }
            }
            try await store.put("many/stays", [], mode: .overwrite)
            try expectEqual(try await allKeys(store).count, 1101, "The number of objects")
            try expect(try await store.delete(keys).isEmpty, "Deleting failed")
            try expectEqual(try await allKeys(store), ["many/stays"], "The listing")
        },
        Check("a copy is an object of its own") { store in
            let bytes = pattern(3 << 20, seed: 3)
            let source = try await store.put("source", bytes, mode: .overwrite)
            let copy = try await store.copy("source", to: "deep/down/copy", mode: .overwrite)
            try expectEqual(copy.key, "deep/down/copy", "The key of the copy")
            try expectEqual(copy.size, UInt64(bytes.count), "The size of the copy")
            try await store.put("source", [1], mode: .ifMatches(entityTag: source.entityTag))
            let got = try await store.get("deep/down/copy", range: nil)
            try expectBytes(got.bytes, bytes, "The copy after the source changed")
            try expectEqual(got.metadata.entityTag, copy.entityTag, "The entity tag of the copy")
            try await store.copy("source", to: "deep/down/copy", mode: .overwrite)
            try expectBytes(try await store.get("deep/down/copy", range: nil).bytes, [1], "The copy overwritten")
            try await expectError(.alreadyExists, of: "if-absent copy onto an object") {
                try await store.copy("deep/down/copy", to: "source", mode: .ifAbsent)
            }
            try await store.copy("source", to: "absent", mode: .ifAbsent)
            try expectEqual(try await allKeys(store), ["absent", "deep/down/copy", "source"], "The listing")
        },
        Check("a task that was cancelled before changes nothing") { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // Wait for the cancellation, which otherwise might come too late.
                    while !Task.isCancelled { await Task.yield() }
                    try await store.put("object", [1], mode: .overwrite)
                }
                group.cancelAll()
                do {
                    try await group.next()
                    throw ConformanceViolation(
                        message: "A put of a cancelled task succeeded",
                        place: "\(#fileID):\(#line)"
                    )
                } catch is CancellationError {
                    // As it must be.
                }
            }
            try expectEqual(try await allKeys(store), [], "The listing")
        },
    ]
}
