import Testing

@testable import EventJournal

@Suite("Identifier index")
struct IdentifierIndexTests {
    @Test("agrees with a dictionary over random inserts and replacements", arguments: [1, 2, 3, 4] as [UInt64])
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var index = IdentifierIndex()
        var model: [UInt64: UInt32] = [:]
        for row in 0..<UInt32(4000) {
            // Few distinct low bits, so that probing runs are long and wrap around.
            let hash = UInt64.random(in: 0..<3000, using: &random) << 52 | UInt64.random(in: 0..<64, using: &random)
            let there = index.insert(hash: hash, row: row)
            #expect(there == model[hash], "seed \(seed)")
            if let there {
                if Bool.random(using: &random) {
                    index.replace(hash: hash, row: there, with: row)
                    model[hash] = row
                }
            } else {
                model[hash] = row
            }
        }
        #expect(index.count == model.count)
        for (hash, row) in model { #expect(index.row(hash: hash) == row) }
        #expect(index.row(hash: 0xFFFF_FFFF) == nil)
    }

    @Test("keeps rows whose ids differ though their hashes agree")
    func collisions() {
        var index = IdentifierIndex()
        #expect(index.insert(hash: 5, row: 1) == nil)
        #expect(index.insert(hash: 5, row: 2) == 1)
        index.addCollision(hash: 5, row: 2)
        #expect(index.candidates(hash: 5) == [1, 2])
        index.replace(hash: 5, row: 2, with: 9)
        #expect(index.candidates(hash: 5) == [1, 9])
        #expect(index.candidates(hash: 6).isEmpty)
    }
}
