import ReplayConsistency
import Testing

@Suite("Annotations of replayed records")
struct AnnotationTests {
    private static func annotation(_ annotations: [String: String] = [:]) -> ReplayAnnotation {
        ReplayAnnotation(
            job: "01a1fdda-6c4b-73f7-96b5-c8e2d2c3bcda",
            mayOverwrite: true,
            id: "a \"quoted\" id",
            key: "Zürich",
            timestamp: "2024-03-01T10:00:00.000000Z",
            source: "kinesis:eu-west-1:orders/shardId-000000000000",
            position: "4966/0",
            annotations: annotations
        )
    }

    @Test(
        "leave the payload as it was, whatever it is",
        arguments: [
            ("{}", ReplayedRecord.PayloadKind.json), ("{ }", .json), (#"{"a":1}"#, .json),
            (" {\n\"a\" : {\"_replay\":[1,\"}\"]} , \"b\":\"x\\\"}{\" }\n", .json), (#"[1,{"_replay":2}]"#, .json),
            ("17", .json), (#""text""#, .json), ("null", .json), ("plain \"text\"\n\u{1}", .text), ("", .text),
            (#"{"_replay":"of the user's own","a":1}"#, .json),
        ] as [(String, ReplayedRecord.PayloadKind)]
    )
    func roundTrip(payload: String, kind: ReplayedRecord.PayloadKind) throws {
        let record = ReplayedRecord(annotation: Self.annotation(["why": "a \"test\""]), payload: Array(payload.utf8))
        let sent = record.annotated(kind)
        let back = try #require(ReplayedRecord(sent), "\(String(decoding: sent, as: UTF8.self))")
        #expect(back == record)
    }

    @Test("leave bytes as they were")
    func bytes() throws {
        let record = ReplayedRecord(annotation: Self.annotation(), payload: [0xFF, 0xFE, 0, 0x22])
        #expect(ReplayedRecord(record.annotated(.bytes)) == record)
    }

    @Test("are found wherever the member stands, since others may write an object anew")
    func anywhere() throws {
        let record = ReplayedRecord(annotation: Self.annotation(), payload: Array(#"{"a":1,"b":2}"#.utf8))
        let json = String(decoding: record.annotated(.json), as: UTF8.self)
        let member = String(json.dropFirst(#"{"a":1,"b":2,"#.count).dropLast())
        for text in ["{\(member),\"a\":1,\"b\":2}", "{\"a\":1 , \(member) ,\"b\":2}", "{\n \"a\":1,\n \(member)\n}"] {
            let back = try #require(ReplayedRecord(Array(text.utf8)), "\(text)")
            #expect(back.annotation == record.annotation)
            let rest = String(decoding: back.payload, as: UTF8.self)
            #expect(!rest.contains("_replay") && rest.contains("\"a\":1"), "\(rest)")
        }
    }

    @Test(
        "are not found in live records",
        arguments: [
            "", "{", "{}", #"{"a":"_replay"}"#, #"{"_replay":1}"#, #"{"_replay":{"job":"x"}}"#, #"["_replay"]"#,
            #"{"a":{"_replay":{}}}"#, #"{"_replay":"#, #"{"_replay":{"job":"j","overwrite":false,"id":"i""#,
            #"{"_replay":{"job":"j","overwrite":false,"id":"i","timestamp":"t","position":"1","wrapped":"zip"}}"#,
            #"{"_replay":{"job":"j","overwrite":false,"id":"i","timestamp":"t","position":"1","wrapped":"text"}}"#,
            "{\"_replay\\", "{\"a\":\"\\", "no JSON with \"_replay\" in it",
        ]
    )
    func live(text: String) { #expect(ReplayedRecord(Array(text.utf8)) == nil) }

    @Test("make records for a table; without a key or a position that compares there is none")
    func keyed() throws {
        var annotation = Self.annotation()
        let record = try #require(annotation.record(.put(7)))
        #expect(record.key == "Zürich" && record.position == LogPosition("4966/0"))
        #expect(record.origin == .replay(job: annotation.job, mayOverwrite: true))
        annotation.position = "-5"
        #expect(annotation.record(KeyedRecord<Int>.Change.delete) == nil)
        annotation.position = "5"
        annotation.key = nil
        #expect(annotation.record(KeyedRecord<Int>.Change.delete) == nil)
    }
}
