internal import ObjectStorage

extension ObjectStoreConformance {
    /// Streaming puts.
    static let uploadChecks: [Check] = [
        Check("an upload appears whole when it is complete, and not before") { store in
            let pieces = [0, 1, 100_000, 6 << 20, 0, 17, 1 << 20].enumerated().map { pattern($1, seed: UInt64($0)) }
            let upload = try await store.beginUpload("folder/object", mode: .overwrite)
            for piece in pieces {
                try await upload.write(piece)
                try await expectError(.notFound, of: "head during the upload") { try await store.head("folder/object") }
            }
            try expectEqual(try await allKeys(store), [], "The listing during the upload")
            let metadata = try await upload.complete()
            let whole = Array(pieces.joined())
            try expectEqual(metadata.key, "folder/object", "The key of the upload")
            try expectEqual(metadata.size, UInt64(whole.count), "The size of the upload")
            let got = try await store.get("folder/object", range: nil)
            try expectBytes(got.bytes, whole, "What was uploaded")
            try expectEqual(got.metadata.entityTag, metadata.entityTag, "Its entity tag")
            try expectEqual(try await allKeys(store), ["folder/object"], "The listing")
        },
        Check("an upload of nothing is an empty object") { store in
            let upload = try await store.beginUpload("empty", mode: .ifAbsent)
            try expectEqual(try await upload.complete().size, 0, "The size")
            try expectBytes(try await store.get("empty", range: nil).bytes, [], "The object")
        },
        Check("an upload that is aborted or dropped leaves nothing") { store in
            try await store.put("old", [1], mode: .overwrite)
            for key in ["new", "old"] {
                for mode in [PutMode.overwrite, .ifAbsent] {
                    let upload = try await store.beginUpload(key, mode: mode)
                    try await upload.write(pattern(200_000, seed: 5))
                    await upload.abort()
                    await upload.abort()
                    try await expectError(.failed, of: "writing to an aborted upload") { try await upload.write([1]) }
                    try await expectError(.failed, of: "completing an aborted upload") { try await upload.complete() }
                    let dropped = try await store.beginUpload(key, mode: mode)
                    try await dropped.write(pattern(200_000, seed: 6))
                }
            }
            try expectEqual(try await allKeys(store), ["old"], "The listing")
            try expectBytes(try await store.get("old", range: nil).bytes, [1], "The old object")
        },
        Check("an upload that is complete is at its end") { store in
            let upload = try await store.beginUpload("object", mode: .overwrite)
            try await upload.write([1, 2])
            try await upload.complete()
            try await expectError(.failed, of: "completing twice") { try await upload.complete() }
            try await expectError(.failed, of: "writing to a complete upload") { try await upload.write([3]) }
            await upload.abort()
            try expectBytes(try await store.get("object", range: nil).bytes, [1, 2], "The object")
        },
        Check("the condition of an upload is decided at its end") { store in
            let late = try await store.beginUpload("object", mode: .ifAbsent)
            try await late.write([1])
            let put = try await store.put("object", [2], mode: .ifAbsent)
            try await expectError(.alreadyExists, of: "completing an if-absent upload") { try await late.complete() }
            let match = try await store.beginUpload("object", mode: .ifMatches(entityTag: put.entityTag))
            let stale = try await store.beginUpload("object", mode: .ifMatches(entityTag: put.entityTag))
            try await match.write([3])
            try await stale.write([4])
            try await match.complete()
            try await expectError(.preconditionFailed, of: "completing an if-matches upload") {
                try await stale.complete()
            }
            try expectBytes(try await store.get("object", range: nil).bytes, [3], "The object")
            try expectEqual(try await allKeys(store), ["object"], "The listing")
        },
    ]
}
