internal import ObjectStorage

extension ObjectStoreConformance {
    /// Reading parts of objects.
    static let rangeChecks: [Check] = [
        Check("a range is read, and cut at the end of the object") { store in
            let bytes = pattern(100, seed: 4)
            let put = try await store.put("object", bytes, mode: .overwrite)
            let cases: [(ByteRange, Range<Int>)] = [
                (.range(0..<1), 0..<1),
                (.range(0..<100), 0..<100),
                (.range(10..<20), 10..<20),
                (.range(99..<100), 99..<100),
                (.range(90..<101), 90..<100),
                (.range(0..<UInt64(Int64.max)), 0..<100),
                (.suffix(1), 99..<100),
                (.suffix(100), 0..<100),
                (.suffix(101), 0..<100),
                (.suffix(30), 70..<100),
            ]
            for (range, expected) in cases {
                let got = try await store.get("object", range: range)
                try expectBytes(got.bytes, Array(bytes[expected]), "\(range)")
                try expectEqual(got.offset, UInt64(expected.lowerBound), "The offset of \(range)")
                try expectEqual(got.metadata.size, 100, "The size of the whole object, got with \(range)")
                try expectEqual(got.metadata.entityTag, put.entityTag, "The entity tag got with \(range)")
            }
        },
        Check("a range that begins behind the end is invalid") { store in
            try await store.put("object", [1, 2, 3], mode: .overwrite)
            try await store.put("empty", [], mode: .overwrite)
            for (key, range) in [("object", 3..<4), ("object", 100..<200), ("empty", 0..<1), ("empty", 5..<9)] {
                try await expectError(.invalidRange, of: "\(range) of \(key)") {
                    try await store.get(key, range: .range(UInt64(range.lowerBound)..<UInt64(range.upperBound)))
                }
            }
        },
        Check("the end of an empty object is empty") { store in
            try await store.put("empty", [], mode: .overwrite)
            let got = try await store.get("empty", range: .suffix(5))
            try expectBytes(got.bytes, [], "The last bytes of an empty object")
            try expectEqual(got.offset, 0, "Their offset")
        },
    ]
}
