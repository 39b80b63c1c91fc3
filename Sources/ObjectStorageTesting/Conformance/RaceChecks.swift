internal import ObjectStorage

extension ObjectStoreConformance {
    /// How many take part in a race.
    private static let racers = 24

    /// How an attempt under a condition ended.
    private static func wins(_ attempt: () async throws -> ObjectMetadata) async throws -> Bool {
        do {
            _ = try await attempt()
            return true
        } catch let error as ObjectStoreError where error.code == .alreadyExists || error.code == .preconditionFailed {
            return false
        }
    }

    private static func expectOneWinner(_ won: [Bool], _ store: any ObjectStore, _ key: String) async throws {
        let winners = won.indices.filter { won[$0] }
        try expectEqual(winners.count, 1, "The number of winners of \(key)")
        let bytes = try await store.get(key, range: nil).bytes
        try expectBytes(bytes, [UInt8](repeating: UInt8(winners[0]), count: 5000), "What the winner of \(key) put")
    }

    /// Requests at the same time.
    static let raceChecks: [Check] = [
        Check("one of many if-absent puts wins") { store in
            for round in 0..<8 {
                let key = "race/\(round)/object"
                let won = try await concurrently(racers) { racer in
                    try await wins {
                        try await store.put(key, [UInt8](repeating: UInt8(racer), count: 5000), mode: .ifAbsent)
                    }
                }
                try await expectOneWinner(won, store, key)
            }
        },
        Check("one of many if-absent uploads and copies wins") { store in
            for racer in 0..<racers {
                let bytes = [UInt8](repeating: UInt8(racer), count: 5000)
                try await store.put("source/\(racer)", bytes, mode: .overwrite)
            }
            for round in 0..<4 {
                let key = "race/\(round)"
                let won = try await concurrently(racers) { racer in
                    try await wins {
                        if racer.isMultiple(of: 2) {
                            return try await store.copy("source/\(racer)", to: key, mode: .ifAbsent)
                        }
                        let upload = try await store.beginUpload(key, mode: .ifAbsent)
                        try await upload.write([UInt8](repeating: UInt8(racer), count: 2000))
                        try await upload.write([UInt8](repeating: UInt8(racer), count: 3000))
                        return try await upload.complete()
                    }
                }
                try await expectOneWinner(won, store, key)
            }
        },
        Check("one of many if-matches puts of the same version wins") { store in
            for round in 0..<8 {
                let key = "race/\(round)"
                let tag = try await store.put(key, [], mode: .overwrite).entityTag
                let won = try await concurrently(racers) { racer in
                    try await wins {
                        let bytes = [UInt8](repeating: UInt8(racer), count: 5000)
                        return try await store.put(key, bytes, mode: .ifMatches(entityTag: tag))
                    }
                }
                try await expectOneWinner(won, store, key)
            }
        },
        Check("a counter kept by compare-and-swap counts every increment") { store in
            let start = [UInt8](repeating: 0, count: 4)
            try await store.put("counter", start, mode: .ifAbsent)
            _ = try await concurrently(8) { _ in
                for _ in 0..<10 {
                    var isDone = false
                    while !isDone {
                        let current = try await store.get("counter", range: nil)
                        // The padding grows and shrinks with the count, so that mixed-up versions are noticed.
                        let next = Int(current.bytes[0]) + 1
                        isDone = try await wins {
                            let bytes = [UInt8(next)] + [UInt8](repeating: UInt8(next), count: next % 5 * 1000 + 3)
                            return try await store.put(
                                "counter",
                                bytes,
                                mode: .ifMatches(entityTag: current.metadata.entityTag)
                            )
                        }
                    }
                }
            }
            try expectEqual(try await store.get("counter", range: nil).bytes[0], 80, "The count")
        },
        Check("a reader sees the old object or the new one, never a mixture") { store in
            func version(_ number: Int) -> [UInt8] {
                [UInt8](repeating: UInt8(number), count: 50_000 + number * 10_000)
            }
            try await store.put("object", version(0), mode: .overwrite)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for reader in 0..<4 {
                    group.addTask {
                        while !Task.isCancelled {
                            let got: GetResult
                            do {
                                got = try await store.get("object", range: reader == 0 ? .suffix(60_000) : nil)
                            } catch is CancellationError {
                                return
                            }
                            let number = Int(got.bytes.first ?? 255)
                            let whole = version(number)
                            try expectEqual(got.metadata.size, UInt64(whole.count), "The size of version \(number)")
                            let wanted = reader == 0 ? Array(whole.suffix(60_000)) : whole
                            try expectBytes(got.bytes, wanted, "Version \(number)")
                        }
                    }
                }
                for number in 1..<40 { try await store.put("object", version(number % 10), mode: .overwrite) }
                group.cancelAll()
                try await group.waitForAll()
            }
        },
    ]
}
