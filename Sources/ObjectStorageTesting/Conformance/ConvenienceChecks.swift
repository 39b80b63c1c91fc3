internal import ObjectStorage

extension ObjectStoreConformance {
    /// What is built upon the requirements, for it leans on how errors are told.
    static let convenienceChecks: [Check] = [
        Check("reading all of something keeps to its limit") { store in
            let bytes = pattern(1000, seed: 7)
            try await store.put("object", bytes)
            try await store.put("empty", [])
            try expectBytes(try await store.get("object", upTo: 1000).bytes, bytes, "The object")
            try expectBytes(try await store.get("empty", upTo: 0).bytes, [], "The empty object")
            try await expectError(.failed, of: "get with too low a limit") { try await store.get("object", upTo: 999) }
            try await expectError(.failed, of: "get with no room at all") { try await store.get("object", upTo: 0) }
            try expectBytes(try await store.getIfPresent("object", upTo: 5000)?.bytes ?? [], bytes, "What is present")
            try expect(try await store.getIfPresent("missing", upTo: 5000) == nil, "What is missing was found")
            try expectEqual(try await store.listAll().collect(upTo: 2).count, 2, "The number of objects")
            try await expectError(.failed, of: "listing more than the limit") {
                try await store.listAll().collect(upTo: 1)
            }
        },
        Check("a range is read exactly or not at all") { store in
            let bytes = pattern(1000, seed: 8)
            try await store.put("object", bytes)
            try expectBytes(try await store.read("object", 0..<1000), bytes, "The whole")
            try expectBytes(try await store.read("object", 10..<11), [bytes[10]], "One byte")
            try expectBytes(try await store.read("object", 10..<10), [], "No byte")
            try await expectError(.invalidRange, of: "reading behind the end") {
                try await store.read("object", 999..<1001)
            }
            try await expectError(.notFound, of: "reading what is missing") { try await store.read("missing", 0..<1) }
        },
        Check("what is missing is told apart from what fails") { store in
            try expect(try await store.exists("object") == false, "A missing object exists")
            try expect(try await store.headIfPresent("object") == nil, "A missing object has metadata")
            try expect(try await store.putIfAbsent("object", [1]) != nil, "The first if-absent put lost")
            try expect(try await store.putIfAbsent("object", [2]) == nil, "The second if-absent put won")
            try expect(try await store.exists("object"), "An object does not exist")
            try await expectError(.invalidKey, of: "looking for what is no key") { try await store.exists("../x") }
            try await store.delete("object")
            try await store.delete("object")
            try await expectError(.invalidKey, of: "deleting what is no key") { try await store.delete("/x") }
            try expect(try await store.exists("object") == false, "A deleted object exists")
        },
        Check("an upload in a closure that throws leaves nothing") { store in
            struct Stop: Error {}
            do {
                try await store.upload("object") { upload in
                    try await upload.write([1])
                    throw Stop()
                }
                throw ConformanceViolation(message: "The upload succeeded", place: "\(#fileID):\(#line)")
            } catch is Stop {
                try expectEqual(try await allKeys(store), [], "The listing")
            }
            let metadata = try await store.upload("object", mode: .ifAbsent) { upload in
                for piece in 0..<10 { try await upload.write([UInt8](repeating: UInt8(piece), count: 1000)) }
            }
            try expectEqual(metadata.size, 10_000, "The size")
        },
    ]
}
