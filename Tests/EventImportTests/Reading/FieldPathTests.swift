import Testing

@testable import EventImport

@Suite("Paths to fields")
struct FieldPathTests {
    @Test(
        "paths are read and written",
        arguments: [
            ("sha", [.member("sha")], "sha"),
            ("_a1.B2", [.member("_a1"), .member("B2")], "_a1.B2"),
            ("a[0].b[12][3]", [.member("a"), .element(0), .member("b"), .element(12), .element(3)], "a[0].b[12][3]"),
            ("[7].x", [.element(7), .member("x")], "[7].x"),
            (#""a.b".c"#, [.member("a.b"), .member("c")], #""a.b".c"#),
            (#"x."y""#, [.member("x"), .member("y")], "x.y"),
            (#""\u00e9\"\\\n""#, [.member("é\"\\\n")], #""é\"\\\u000a""#),
            ("[4294967295]", [.element(.max)], "[4294967295]"),
        ] as [(String, [FieldPath.Step], String)]
    )
    func reads(text: String, steps: [FieldPath.Step], written: String) throws {
        let path = try FieldPath(text)
        #expect(path.steps == steps)
        #expect(path.description == written)
        #expect(try FieldPath(written) == path)
    }

    @Test(
        "errors point at the place",
        arguments: [
            ("", 1), (".a", 1), ("a.", 3), ("a..b", 3), ("a b", 2), ("a-b", 2), ("1a", 1), ("a.1", 3), ("é", 1),
            ("a[", 3), ("a[x]", 3), ("a[-1]", 3), ("a[1", 4), ("a[*]", 3), ("a[4294967296]", 3), ("a[0]b", 5),
            (#""abc"#, 1), (#"a."""#, 3), (#""\q""#, 1), (#""é".x.-"#, 7), ("\"a\nb\"", 3), (#""a\""#, 1),
        ]
    )
    func explains(text: String, column: Int) throws {
        let error = #expect(throws: FieldPathError.self) { _ = try FieldPath(text) }
        #expect(error?.column == column)
        #expect(error?.path == text)
        #expect(error?.description.hasPrefix("The path `\(text)` is wrong at column \(column): ") == true)
    }
}
