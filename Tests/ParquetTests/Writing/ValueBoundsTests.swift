import Testing

@testable import Parquet

@Suite("Value bounds")
struct ValueBoundsTests {
    static let seed = UInt64.random(in: 0..<1_000_000)

    @Test("written bounds enclose every value, and exact ones are values")
    func boundsEnclose() throws {
        var random = SeededGenerator(seed: Self.seed)
        for round in 0..<500 {
            // Few letters and lengths around the limit make shared prefixes.
            let isText = round % 2 == 0
            let letters: [String] = isText ? ["a", "é", "\u{ffff}", "\u{10ffff}", "\u{d7ff}"] : []
            let values: [[UInt8]] = (0..<Int.random(in: 1...6, using: &random))
                .map { _ in
                    let length =
                        Int.random(in: 0...3, using: &random) == 0 ? 3 : Int.random(in: 60...70, using: &random)
                    if isText {
                        return Array(
                            (0..<length).map { _ in letters.randomElement(using: &random) ?? "" }.joined().utf8
                        )
                    }
                    return (0..<length).map { index in Bool.random(using: &random) || index < 62 ? 0xff : 1 }
                }
            var arrays = ByteArrays()
            for value in values { arrays.append(value) }
            let source = ByteArraySource(arrays, fixedLength: nil, payloadBytes: arrays.payloadBytes)
            // Page by page and at once must come to the same.
            var parts = try #require(source.bounds(0..<1, .bytes))
            for index in values.indices.dropFirst() {
                parts.formUnion(try #require(source.bounds(index..<index + 1, .bytes)), .bytes)
            }
            let whole = try #require(source.bounds(values.indices, .bytes))
            for bounds in [parts, whole] {
                let lower = bounds.lowerBound(isText: isText)
                let upper = bounds.upperBound(isText: isText)
                for value in values {
                    #expect(!value.lexicographicallyPrecedes(lower), "seed \(Self.seed) round \(round)")
                    if let upper {
                        #expect(!upper.lexicographicallyPrecedes(value), "seed \(Self.seed) round \(round)")
                    }
                }
                #expect(values.contains(lower) || !bounds.isMinimumExact)
                if bounds.isMaximumExact { #expect(values.contains(try #require(upper))) }
                if isText {
                    #expect(String(validating: lower, as: UTF8.self) != nil)
                    let high = upper.map { String(validating: $0, as: UTF8.self) != nil || $0.count <= 64 }
                    #expect(high != false)
                }
            }
            #expect(parts.minimum == whole.minimum && parts.isMinimumExact == whole.isMinimumExact)
            #expect(parts.maximum == whole.maximum && parts.isMaximumExact == whole.isMaximumExact)
        }
    }
}
