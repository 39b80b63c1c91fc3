import Foundation
import Testing

/// What the page about Python shows is what happens.
@Suite("Documented Python") struct DocumentedPythonTests {
    /// A block of code of a page of Markdown.
    struct Block: Equatable {
        var kind: String
        var text: String
    }

    @Test("every block of docs/python.md runs, and prints what stands beneath it") func page() async throws {
        let page = Engine.project.appending(path: "docs/python.md")
        let blocks = Self.blocks(try String(contentsOf: page, encoding: .utf8))
        #expect(blocks.filter { $0.kind == "python" }.count >= 5)
        let scratch = try Scratch()
        let path = [Engine.products.path, ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        let environment = [
            "PATH": path.joined(separator: ":"), "HIGHWATER_DUCKDB": Engine.path, "TZ": "America/New_York",
            "PYTHONUTF8": "1",
        ]
        var printed = ""
        for block in blocks {
            var outcome = Child.Outcome(status: 0, output: "", error: "")
            switch block.kind {
            case "python":
                outcome = try await Child.run(
                    Engine.python,
                    ["-c", block.text],
                    in: scratch.path,
                    environment: environment
                )
                printed = outcome.output
            case "sh":
                let arguments = ["-euc", block.text]
                outcome = try await Child.run("/bin/bash", arguments, in: scratch.path, environment: environment)
            case "text":
                #expect(printed == block.text)
            default:
                let name = try #require(block.kind.split(separator: " ").last)
                _ = try scratch.file(String(name), block.text)
            }
            try #require(outcome.status == 0, "\(block.text)\n\(outcome.error)")
        }
        // Each that runs is followed by what it prints.
        let kinds = blocks.map(\.kind)
        for (index, kind) in kinds.enumerated() where kind == "python" {
            #expect(index + 1 < kinds.count && kinds[index + 1] == "text")
        }
    }

    @Test("blocks are found as they stand") func extraction() {
        let blocks = Self.blocks("a\n```sh\nls\n\nls -l\n```\nb\n```text\n```\n")
        #expect(blocks == [Block(kind: "sh", text: "ls\n\nls -l\n"), Block(kind: "text", text: "")])
    }

    private static func blocks(_ markdown: String) -> [Block] {
        var blocks: [Block] = []
        var open: Block?
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(block)
                    open = nil
                } else {
                    open = Block(kind: String(line.dropFirst(3)), text: "")
                }
            } else if var block = open {
                block.text += line + "\n"
                open = block
            }
        }
        return blocks
    }
}
