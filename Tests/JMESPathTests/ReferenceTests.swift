import Foundation
import JMESPath
import Testing

/// Our results beside those of the reference implementation in Python.
struct ReferenceTests {
    static let python =
        ProcessInfo.processInfo.environment["HIGHWATER_PYTHON"]
        ?? ConformanceTests.project.appending(path: ".tools/venv/bin/python").path

    static let isPresent: Bool = {
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", "import jmespath"]
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(
        "generated expressions give what the reference gives, byte for byte",
        .enabled(if: isPresent, "no Python with jmespath; run make setup"),
        arguments: [UInt64(11), 4711]
    )
    func agrees(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        let cases = (0..<4000).map { _ in (generator.expression(3), generator.object(4)) }
        let answers = try Self.answers(cases)
        try #require(answers.count == cases.count)
        var answered = 0
        var results = 0
        for ((expression, document), answer) in zip(cases, answers) where answer != "unanswered" {
            answered += 1
            if !answer.hasPrefix("error"), answer != "null" { results += 1 }
            let ours: String
            do {
                ours = try evaluate(expression, document)
            } catch let error as JMESPathError {
                ours = "error \(error.kind)"
            }
            #expect(ours == answer, "seed \(seed): \(expression) over \(document)")
        }
        #expect(answered > 3500)
        #expect(results > 800)
    }

    private static func answers(_ cases: [(String, String)]) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "jmespath-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var input = Data()
        for (expression, document) in cases {
            input += try JSONSerialization.data(
                withJSONObject: [expression, document],
                options: .withoutEscapingSlashes
            )
            input += Data("\n".utf8)
        }
        let questions = folder.appending(path: "questions")
        let answers = folder.appending(path: "answers")
        try input.write(to: questions)
        try Data().write(to: answers)
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [ConformanceTests.project.appending(path: "Tests/JMESPathTests/Support/reference.py").path]
        process.environment = ["PYTHONIOENCODING": "utf-8"]
        process.standardInput = try FileHandle(forReadingFrom: questions)
        process.standardOutput = try FileHandle(forWritingTo: answers)
        try process.run()
        process.waitUntilExit()
        return try String(contentsOf: answers, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().map(String.init)
    }
}
