import Foundation
import ObjectStorage
import Testing

@Suite("A directory shared by processes")
struct LocalProcessTests {
    @Test("Of four processes that put a key if absent, exactly one wins each of 200 rounds")
    func oneProcessWins() async throws {
        let directory = try TemporaryDirectory()
        let start = String((Date().timeIntervalSince1970 + 0.5) * 1000)
        let racers = try ["a", "b", "c", "d"]
            .map { name in
                (name, try Racer("race", directory.path, name, start, "200"))
            }
        var winners: [Int: [String]] = [:]
        for (name, racer) in racers {
            for round in try racer.lines().joined().split(separator: " ") {
                winners[try #require(Int(round)), default: []].append(name)
            }
            #expect(racer.status == 0)
        }
        let store = LocalObjectStore(directory: directory.path)
        for round in 0..<200 {
            let names = winners[round] ?? []
            #expect(names.count == 1, "round \(round)")
            #expect(try await store.get("round-\(round)", upTo: 10).bytes == Array(names.joined().utf8))
        }
        // Otherwise it was no race.
        #expect(Set(winners.values.joined()).count > 1)
    }

    @Test("A counter kept by compare-and-swap counts the increments of all processes")
    func processesCount() async throws {
        let directory = try TemporaryDirectory()
        let store = LocalObjectStore(directory: directory.path)
        try await store.put("counter", Array("0".utf8))
        let racers = try (0..<4).map { _ in try Racer("count", directory.path, "50") }
        for racer in racers { #expect(racer.status == 0) }
        #expect(try await String(decoding: store.get("counter", upTo: 10).bytes, as: UTF8.self) == "200")
    }

    @Test("kill -9 leaves whole objects, all that were acknowledged, and nothing else in sight")
    func killedWriter() async throws {
        let directory = try TemporaryDirectory()
        let store = LocalObjectStore(directory: directory.path)
        var random = SystemRandomNumberGenerator()
        for seed in 0..<12 {
            let racer = try Racer("write", directory.path, String(seed))
            let delay = Int.random(in: 20...200, using: &random)
            try await Task.sleep(for: .milliseconds(delay))
            racer.kill()
            // What is behind the last line break was cut short.
            for key in try racer.lines().dropLast() {
                #expect(try await store.exists(key), "\(key) was acknowledged, killed after \(delay) ms")
            }
        }
        let objects = try await store.listAll().collect(upTo: 100_000)
        #expect(!objects.isEmpty)
        for object in objects {
            let parts = object.key.split(separator: "-")
            let size = try #require(Int(parts[parts.count - 2]))
            let byte = try #require(UInt8(parts[parts.count - 1]))
            let bytes = try await store.get(object.key, upTo: 3_000_000).bytes
            #expect(bytes == [UInt8](repeating: byte, count: size), "\(object.key)")
        }
        #expect(Set(directory.names()).subtracting(["new", "over", "up"]) == [".highwater-tmp"])
    }
}
