import CloudTesting
import Foundation
import Testing

/// Jobs that send to web servers.
extension ProgramTests {
    @Test(
        "a web server that takes nothing is told of at once, and for as long as the user says; then it is gone on with"
    )
    func trouble() async throws {
        defer { clear() }
        try await record(20)
        let server = try PythonServer(
            "http_sink.py",
            beside: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Support/x").path
        )
        let url = "http://127.0.0.1:\(server.port)/"
        let secret = ProcessInfo.processInfo.environment.merging(["HIGHWATER_SINK_TOKEN": "geheim"]) { $1 }
        let plan = Array(repeating: "escape503", count: 60).joined(separator: ",")
        let away = try ChildProgram(
            ChildProgram.highwater,
            ["replay-to", journal, url + plan + "/away?token=${HIGHWATER_SINK_TOKEN}", "--give-up-after", "12s"],
            environment: secret
        )
        let deadline = ContinuousClock.now + .seconds(120)
        while !away.said.contains(" failed; again"), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        let running = try await onlyJob()
        let shown = try await highwater("jobs", "show", journal, try #require(running["job"] as? String)).output
        let trouble = try #require(running["trouble"] as? [String: Any], "\(running)")
        #expect(running["state"] as? String == "running" && trouble["attempts"] as? Int ?? 0 >= 1)
        #expect((trouble["message"] as? String)?.contains("503") == true && shown.contains("trouble"), "\(shown)")
        let end = await away.wait()
        #expect(end.status == 1 && end.error.contains(" failed; again "), "\(end.said)")
        #expect(end.error.contains("the server's text is") && end.error.contains("jobs resume"), "\(end.said)")
        let list = try await highwater("jobs", "list", journal).output
        #expect(list.split(separator: "/away").count == 2, "\(list)")
        let said = end.error + shown + list
        #expect(!said.unicodeScalars.contains { $0.value == 0x1B || $0.value == 7 } && !said.contains("geheim"))
        let failed = try await onlyJob()
        #expect(failed["state"] as? String == "failed" && failed["trouble"] == nil)
        let back = try await highwater("replay-to", journal, url + "503,503,ok/back", "--give-up-after", "1m")
        #expect(back.error.contains("takes records again") && back.error.contains("sent 20 records"), "\(back.said)")
    }

    @Test("a secret in the URL of a sink comes from a variable or a file, and is neither stored nor shown")
    func secrets() async throws {
        defer { clear() }
        try await record(5)
        let server = try PythonServer(
            "http_sink.py",
            beside: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Support/x").path
        )
        let url = "http://127.0.0.1:\(server.port)"
        func taken(_ name: String) throws -> Int {
            let data = try Data(contentsOf: try #require(URL(string: "\(url)/\(name)")))
            return try #require(try JSONSerialization.jsonObject(with: data) as? [Any]).count
        }
        var environment = ProcessInfo.processInfo.environment
        environment["HIGHWATER_SINK_PATH"] = "geheim"
        let key = "${HIGHWATER_SINK_KEY}"
        let sink = "\(url)/ok/${HIGHWATER_SINK_PATH}?token=\(key)&n=1"
        let unset = try await highwater("replay-to", journal, sink, status: 64, environment: environment)
        #expect(unset.error.contains("HIGHWATER_SINK_KEY is not set"), "\(unset.said)")
        #expect(try await highwater("jobs", "list", journal).output.isEmpty)
        try Data("geheim+ ü=\n".utf8).write(to: directory.appending(path: "key"))
        environment["HIGHWATER_SINK_KEY_FILE"] = file("key")
        let sent = try await highwater("replay-to", journal, sink, environment: environment)
        #expect(try taken("geheim?token=geheim%2B%20%C3%BC%3D&n=1") == 1)
        let id = try #require(try await onlyJob()["job"] as? String)
        let shown = try await highwater("jobs", "show", journal, id).output
        #expect(shown.contains("token=${HIGHWATER_SINK_KEY}&n=1"), "\(shown)")
        let stored = try String(contentsOfFile: journal + "/_replays/\(id).json", encoding: .utf8)
        #expect(!(sent.said + shown + stored).contains("geheim"))
        let refused = [
            ("\(url)/x?token=geheim", "HIGHWATER_SINK_"), ("\(url)/x?a=1&api_key=geheim", "HIGHWATER_SINK_"),
            ("\(url)/x?token=${HOME}", "has to be the name"),
            ("\(url)/x?token=${HIGHWATER_SINK_A", "has to be the name"),
            ("https://${HIGHWATER_SINK_PATH}/x", "is written out"), ("${HIGHWATER_SINK_PATH}://x/", ""),
        ]
        for (sink, words) in refused {
            let outcome = try await ChildProgram.run(
                ChildProgram.highwater,
                ["replay-to", journal, sink, "--dry-run"],
                environment: environment
            )
            #expect(!outcome.said.contains("geheim"), "\(sink): \(outcome.said)")
            #expect(words.isEmpty || outcome.status == 64 && outcome.said.contains(words), "\(sink): \(outcome.said)")
        }
    }
}
