import Foundation
import JMESPath
import Testing

@testable import EventImport

@Suite("Random lines")
struct LineParserPropertyTests {
    @Test("fields are found among random members, and the line is kept as it stood", arguments: 0..<20 as Range<UInt64>)
    func findsFields(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        var lines: [String] = []
        var ids: [String] = []
        var keys: [String?] = []
        for number in 0..<300 {
            var members = (0..<Int.random(in: 0..<5, using: &random.generator))
                .map { (name: "m\($0)" + random.text(), value: random.value()) }
            let id = "\(number)" + random.text()
            ids.append(id)
            var meta = [(name: "x", value: random.value())]
            meta.append((name: "id", value: random.string(id)))
            members.append((name: "meta", value: random.object(members: meta.shuffled(using: &random.generator))))
            if Bool.random(using: &random.generator) {
                let key = random.text()
                members.append((name: "k ey", value: random.string(key)))
                keys.append(key)
            } else {
                keys.append(nil)
            }
            lines.append(random.object(members: members.shuffled(using: &random.generator)))
        }
        let mapping = FieldMapping(id: try JMESPathExpression("meta.id"), key: try JMESPathExpression("\"k ey\""))
        for indexed in bothWays {
            let parsed = try parser(mapping).parse(LineBlock(lines.joined(separator: "\n")), indexed: indexed)
            #expect(parsed.complaints == [], "seed \(seed)")
            #expect(parsed.idTexts == ids, "seed \(seed)")
            #expect(parsed.keyTexts == keys, "seed \(seed)")
            #expect(parsed.payloadTexts == lines, "seed \(seed)")
        }
    }

    @Test("a line is accepted if Foundation accepts it, and only then", arguments: 0..<40 as Range<UInt64>)
    func agreesWithFoundation(seed: UInt64) throws {
        var random = RandomJSON(seed: 1000 + seed)
        let alphabet = Array("{}[]:,\"\\ 0123456789.eE+-truefalsn/uU\u{7f}\t".utf8)
        var lines: [[UInt8]] = []
        while lines.count < 400 {
            var line = Array(random.value().utf8)
            for _ in 0..<Int.random(in: 0..<3, using: &random.generator) where !line.isEmpty {
                let place = Int.random(in: 0..<line.count, using: &random.generator)
                let byte = alphabet.randomElement(using: &random.generator) ?? 0x20
                switch Int.random(in: 0..<3, using: &random.generator) {
                case 0: line[place] = byte
                case 1: line.insert(byte, at: place)
                default: line.remove(at: place)
                }
            }
            if !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { lines.append(line) }
        }
        let block = LineBlock(Array(lines.joined(separator: [0x0A])))
        let parsed = try parser(.none).parse(block)
        let scanned = try parser(.none).parse(block, indexed: false)
        #expect(parsed.lineIndexes == scanned.lineIndexes, "seed \(seed)")
        #expect(parsed.complaints == scanned.complaints, "seed \(seed)")
        let accepted = Set(parsed.lineIndexes.map(Int.init))
        #expect(accepted.count + parsed.rejected.count == lines.count)
        for (index, line) in lines.enumerated() {
            let expected = (try? JSONSerialization.jsonObject(with: Data(line), options: .fragmentsAllowed)) != nil
            let text = String(decoding: line, as: UTF8.self)
            // Foundation refuses numbers past a Double, and accepts a comma after the last member or element.
            if text.contains(/[eE][+-]?\d{3}|,[ \t]*[\]}]/) { continue }
            #expect(accepted.contains(index) == expected, "seed \(seed), line \(text)")
        }
    }

    @Test("garbage ends in rejected lines, the same both ways", arguments: 0..<20 as Range<UInt64>)
    func rejectsGarbage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: 2000 + seed)
        let bytes = (0..<50_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let mapping = FieldMapping(id: try JMESPathExpression("id"), timestamp: try JMESPathExpression("t"))
        let parsed = try parser(mapping).parse(LineBlock(bytes))
        let scanned = try parser(mapping).parse(LineBlock(bytes), indexed: false)
        #expect(parsed.count == 0)
        #expect(parsed.complaints == scanned.complaints)
        #expect(parsed.rejected.count > 100)
    }
}
