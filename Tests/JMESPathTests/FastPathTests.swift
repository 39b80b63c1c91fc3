import Testing

@testable import JMESPath

struct FastPathTests {
    @Test(
        "looking at the named paths only gives what the whole document gives",
        arguments: [UInt64(1), 20_260_101, 77]
    )
    func agrees(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        var planned = 0
        var matches = 0
        for _ in 0..<150 {
            let condition = try JMESPathExpression(generator.condition(2))
            let projection = try JMESPathExpression(generator.projection())
            let selects = generator.chance(70)
            let fast = try JMESPathEvaluator(where: condition, select: selects ? projection : nil)
            let general = try JMESPathEvaluator(
                where: condition,
                select: selects ? projection : nil,
                isPlanned: false
            )
            if fast.isPlanned { planned += 1 }
            var lines: [String] = []
            for _ in 0..<60 {
                lines.append(generator.chance(90) ? generator.object(3, repeats: true) : generator.document(1))
                if generator.chance(3) { lines.append("{\"a\":tru}") }
                if generator.chance(3) { lines.append("") }
            }
            let text = lines.joined(separator: "\n")
            let expected = Self.run(general, text, isIndexed: true)
            let comment: Comment = "seed \(seed), where \(condition.text), select \(projection.text)"
            #expect(Self.run(fast, text, isIndexed: true) == expected, comment)
            #expect(Self.run(fast, text, isIndexed: false) == expected, comment)
            #expect(Self.run(general, text, isIndexed: false) == expected, comment)
            #expect(Self.runSingly(fast, lines.filter { !$0.isEmpty }) == expected, comment)
            matches += expected.filter { $0.hasPrefix("match") }.count
        }
        #expect(planned > 120)
        #expect(matches > 1000)
    }

    @Test(
        "of broken documents it refuses the same, for the same reason, as whoever reads them byte by byte",
        arguments: 0..<20 as Range<UInt64>
    )
    func agreesOnBrokenDocuments(seed: UInt64) throws {
        var generator = Generator(seed: 4000 + seed)
        var refused = 0
        for _ in 0..<20 {
            let condition = try JMESPathExpression(generator.condition(2))
            let fast = try JMESPathEvaluator(where: condition, select: nil)
            let general = try JMESPathEvaluator(where: condition, select: nil, isPlanned: false)
            let lines = (0..<60).map { _ in generator.broken(generator.object(3, repeats: true)) }
            let text = lines.joined(separator: "\n")
            let expected = Self.run(general, text, isIndexed: false)
            let comment: Comment = "seed \(seed), where \(condition.text)"
            #expect(Self.run(fast, text, isIndexed: true) == expected, comment)
            #expect(Self.runSingly(fast, lines) == expected, comment)
            refused += expected.filter { $0.hasPrefix("notJSON") }.count
        }
        #expect(refused > 100)
    }

    @Test("what a fast path can decide is planned, and nothing else")
    func plans() throws {
        for (text, isPlanned) in [
            ("a.b == 'x'", true), ("a[0].b && !(c > `1`) || @event.key == 'k'", true), ("a[-1] == `1`", false),
            ("length(a) > `1`", false), ("a[*].b", false), ("a | b.c", true), ("@event.id == a", true),
        ] {
            #expect(try JMESPathEvaluator(where: JMESPathExpression(text)).isPlanned == isPlanned, "\(text)")
        }
    }

    private static func run(_ evaluator: JMESPathEvaluator, _ text: String, isIndexed: Bool) -> [String] {
        var batch = JMESPathBatch(copiesDocuments: true)
        let bytes = Array(text.utf8) + Array(repeating: 0, count: JMESPathEvaluator.padding)
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe evaluator.evaluateLines(
                of: UnsafeRawBufferPointer(rebasing: bytes[..<text.utf8.count]),
                isIndexed: isIndexed,
                into: &batch
            )
        }
        return describe(batch)
    }

    private static func runSingly(_ evaluator: JMESPathEvaluator, _ documents: [String]) -> [String] {
        var batch = JMESPathBatch(copiesDocuments: true)
        let buffers = unsafe documents.map { text in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
            unsafe buffer.copyBytes(from: text.utf8)
            return UnsafeRawBufferPointer(buffer)
        }
        defer { for index in documents.indices { unsafe buffers[index].deallocate() } }
        unsafe evaluator.evaluate(count: documents.count, document: { index in unsafe buffers[index] }, into: &batch)
        return describe(batch)
    }

    private static func describe(_ batch: JMESPathBatch) -> [String] {
        batch.results.map { result in
            switch result.outcome {
            case .match: "match " + String(decoding: batch.bytes[result.bytes], as: UTF8.self)
            default: "\(result.outcome) " + (result.error < 0 ? "" : batch.errors[result.error].message)
            }
        }
    }
}
