import Foundation
import ObjectStorage

/// A second process for the tests of stores: it opens a store and does as its arguments say.
///
/// - `race URL NAME START ROUNDS`: at START (milliseconds since 1970) and every 2 ms after it an if-absent put of NAME
///   to `round-N`; prints the rounds it won.
/// - `count URL N`: increments `counter` N times by compare-and-swap.
/// - `write URL SEED`: stores objects until it is killed; prints the key of each that was acknowledged.
@main
struct ObjectStoreRacer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4 else { throw UsageError() }
        let store = try ObjectStoreRegistry.standard.open(arguments[2])
        switch arguments[1] {
        case "race":
            guard arguments.count == 6, let start = Double(arguments[4]), let rounds = Int(arguments[5]) else {
                throw UsageError()
            }
            try await race(store, name: arguments[3], start: start, rounds: rounds)
        case "count":
            guard let count = Int(arguments[3]) else { throw UsageError() }
            for _ in 0..<count { try await increment(store) }
        case "write":
            guard let seed = Int(arguments[3]) else { throw UsageError() }
            try await write(store, seed: seed)
        default: throw UsageError()
        }
    }

    struct UsageError: Error {}

    private static func race(_ store: any ObjectStore, name: String, start: Double, rounds: Int) async throws {
        var won: [String] = []
        for round in 0..<rounds {
            let time = start / 1000 + Double(round) * 0.002
            // Not a sleep: all racers must start within microseconds.
            while Date().timeIntervalSince1970 < time {}
            if try await store.putIfAbsent("round-\(round)", Array(name.utf8)) != nil { won.append(String(round)) }
        }
        print(won.joined(separator: " "))
    }

    private static func increment(_ store: any ObjectStore) async throws {
        while true {
            let current = try await store.get("counter", upTo: 100)
            let next = (Int(String(decoding: current.bytes, as: UTF8.self)) ?? 0) + 1
            do {
                let mode = PutMode.ifMatches(entityTag: current.metadata.entityTag)
                try await store.put("counter", Array(String(next).utf8), mode: mode)
                return
            } catch let error as ObjectStoreError where error.code == .preconditionFailed {
                continue
            }
        }
    }

    /// Objects whose key says what is in them: `…-SIZE-BYTE`.
    private static func write(_ store: any ObjectStore, seed: Int) async throws {
        var number = 0
        while true {
            let size = [0, 1, 3000, 200_000, 2_000_000][(number + seed) % 5]
            let byte = UInt8(truncatingIfNeeded: number &* 31 &+ seed)
            let bytes = [UInt8](repeating: byte, count: size)
            switch number % 3 {
            case 0: try await acknowledge(store.put("new/\(seed)-\(number)-\(size)-\(byte)", bytes, mode: .ifAbsent))
            case 1: try await acknowledge(store.put("over/\(number % 2)/\(seed)-\(size)-\(byte)", bytes))
            default:
                let metadata = try await store.upload("up/\(seed)-\(number)-\(size)-\(byte)") { upload in
                    try await upload.write(Array(bytes[..<(size / 2)]))
                    try await upload.write(Array(bytes[(size / 2)...]))
                }
                acknowledge(metadata)
            }
            number += 1
        }
    }

    private static func acknowledge(_ metadata: ObjectMetadata) {
        FileHandle.standardOutput.write(Data((metadata.key + "\n").utf8))
    }
}
