import Foundation
import JMESPath
import Testing

/// The test suite of the specification, and our own cases in the same form.
struct ConformanceTests {
    /// One case of a suite's file.
    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let given: Data
        let expression: String
        /// JSON of the result; `nil` where there must be an error.
        let result: Data?
        let error: String?

        var testDescription: String { "\(file): \(expression)" }
    }

    static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// `../shared/conformance/jmespath` of the package root, or what `HIGHWATER_JMESPATH_CONFORMANCE` names.
    static let suite =
        ProcessInfo.processInfo.environment["HIGHWATER_JMESPATH_CONFORMANCE"]
        .map { URL(filePath: $0) } ?? project.appending(path: "../shared/conformance/jmespath")
    static let ours = project.appending(path: "Tests/JMESPathTests/Resources")

    static func cases(in folder: URL) -> [Case] {
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
            .flatMap { file -> [Case] in
                guard let data = try? Data(contentsOf: file),
                    let groups = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
                else { return [] }
                return groups.flatMap { group -> [Case] in
                    let given = json(group["given"] ?? NSNull())
                    return (group["cases"] as? [[String: Any]] ?? [])
                        .compactMap { test in
                            guard let expression = test["expression"] as? String else { return nil }
                            let error = test["error"] as? String
                            return Case(
                                file: file.deletingPathExtension().lastPathComponent,
                                given: given,
                                expression: expression,
                                result: error == nil && test["bench"] == nil ? json(test["result"] ?? NSNull()) : nil,
                                error: error
                            )
                        }
                }
            }
    }

    static func json(_ value: Any) -> Data {
        (try? JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])) ?? Data()
    }

    static func normalized(_ text: String) -> Data {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)).map(json) ?? Data()
    }

    func check(_ test: Case) {
        do {
            let result = try evaluate(test.expression, String(decoding: test.given, as: UTF8.self))
            if let error = test.error {
                Issue.record("\(test.testDescription) gives \(result), not the error \(error)")
            } else if let expected = test.result {
                let text = String(decoding: expected, as: UTF8.self)
                #expect(
                    Self.normalized(result) == expected,
                    "\(test.testDescription) gives \(result), not \(text)"
                )
            }
        } catch let error as JMESPathError {
            #expect(error.kind.description == test.error, "\(test.testDescription): \(error)")
            #expect((0...test.expression.unicodeScalars.count).contains(error.column))
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test(
        "every case of the specification's suite passes",
        .enabled(if: !cases(in: suite).isEmpty, "../shared/conformance is absent")
    )
    func specification() {
        let cases = Self.cases(in: Self.suite)
        #expect(cases.count >= 900)
        for test in cases { check(test) }
    }

    @Test("every case of ours passes")
    func ownCases() {
        let cases = Self.cases(in: Self.ours)
        #expect(cases.count >= 40)
        for test in cases { check(test) }
    }
}
