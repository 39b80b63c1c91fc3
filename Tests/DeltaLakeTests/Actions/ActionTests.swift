import Testing
import TextEncoding

@testable import DeltaLake

/// Actions as lines of a log entry.
@Suite struct ActionTests {
    private func decode(_ text: String) throws -> [DeltaAction] {
        try CommitFile.decode(Array(text.utf8), object: "o", location: "l")
    }

    @Test("every action comes back from its line")
    func comeBack() throws {
        let file = DeltaAdd(
            path: "a b/%é=:+.parquet",
            partitionValues: ["p": "x", "q": nil],
            size: 5,
            modificationTime: 6,
            dataChange: false,
            stats: #"{"numRecords":1}"#,
            tags: ["t": "\u{1}\"\\\n"]
        )
        var bare = DeltaRemove(file, deletionTimestamp: 7, dataChange: true)
        bare.partitionValues = nil
        bare.size = nil
        bare.deletionTimestamp = nil
        let actions: [DeltaAction] = [
            .commitInfo(
                CommitInfo(
                    timestamp: 1,
                    operation: "WRITE",
                    operationParameters: ["mode": "Append"],
                    engineInfo: "e",
                    highwaterNonce: "n"
                )
            ),
            .protocol(
                DeltaProtocol(minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["a"], writerFeatures: [])
            ),
            .metadata(
                DeltaMetadata(
                    id: "i",
                    name: "n",
                    description: "d",
                    schemaString: "s",
                    partitionColumns: ["p", "q"],
                    configuration: ["a": "b"],
                    createdTime: 4
                )
            ),
            .add(file), .remove(DeltaRemove(file, deletionTimestamp: 7, dataChange: true)), .remove(bare),
            .domain(DomainMetadata(domain: "d", configuration: "{}", removed: true)),
            .transaction(DeltaTransaction(appID: "a", version: -1, lastUpdated: 9)),
        ]
        #expect(try CommitFile.decode(CommitFile.encode(actions), object: "o", location: "l") == actions)
    }

    @Test("paths are percent-encoded, and matched as they stand in the log")
    func paths() throws {
        #expect(DeltaPath.encode("a b/%é=:+.parquet") == "a%20b/%25%C3%A9=%3A%2B.parquet")
        let theirs = try decode(
            #"{"add":{"path":"a+b%20%e9%C3%A9","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}"#
                .replacing("%e9", with: "")
        )
        guard case .add(let file)? = theirs.first else { throw TestTable.Lost() }
        #expect(file.path == "a+b é")
        #expect(DeltaRemove(file, deletionTimestamp: 1, dataChange: true).reference == "a+b%20%C3%A9")
    }

    @Test(
        "paths that lead out of the table, or nowhere, are refused",
        arguments: [
            "", "/a", "%2Fa", "a/../b", "..", "%2e%2e/a", "a//b", "a/", "./a", "%", "%1", "%zz", "a%FF", "a%00",
            "s3://b/c", "file:/a", String(repeating: "a", count: 5000),
        ]
    )
    func badPaths(path: String) {
        let line = JSONValue.object([
            "add": .object([
                "path": .string(path), "partitionValues": .object([:]), "size": .integer(1),
                "modificationTime": .integer(1), "dataChange": .boolean(true),
            ])
        ])
        let error = #expect(throws: DeltaLakeError.self) {
            try CommitFile.decode(line.serialized, object: "o", location: "l")
        }
        #expect(error?.code == .malformed || error?.code == .unsupported)
        #expect(error?.object == "o")
    }

    @Test(
        "unknown actions and fields are skipped",
        arguments: [
            #"{"cdc":{"path":"x"}}"#, #"{"sidecar":{"path":"x"}}"#, #"{"anything":[1,{"a":null}]}"#, "{}", "", "  ",
            "\r",
            #"{"add":null}"#,
        ]
    )
    func unknownActions(line: String) throws {
        #expect(try decode(line + "\n" + #"{"txn":{"appId":"a","version":1,"new":[{}]}}"# + "\n").count == 1)
    }

    @Test(
        "lines that are no actions are refused, naming the line",
        arguments: [
            "[]", "1", "{", #"{"add":1}"#, #"{"add":{}}"#, #"{"txn":{"appId":"a"}}"#,
            #"{"txn":{"appId":1,"version":1}}"#,
            #"{"txn":{"appId":"a","version":1.5}}"#, #"{"txn":{"appId":"a","version":9223372036854775808}}"#,
            #"{"protocol":{"minReaderVersion":0,"minWriterVersion":1}}"#,
            #"{"add":{"path":"a","partitionValues":{},"size":-1,"modificationTime":1,"dataChange":true}}"#,
            #"{"add":{"path":"a","partitionValues":{"a":1},"size":1,"modificationTime":1,"dataChange":true}}"#,
            #"{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":1,"dataChange":1}}"#,
            #"{"txn":{"appId":"a","version":1},"remove":{"path":"a","dataChange":true}}"#,
            #"{"domainMetadata":{"domain":"a","configuration":{},"removed":false}}"#,
        ]
    )
    func badLines(line: String) {
        let error = #expect(throws: DeltaLakeError.self) { try decode("\n" + line) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("Line 2 of o in l") == true)
    }

    @Test(
        "what this module does not know is refused as unsupported",
        arguments: [
            #"{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true,"#
                + #""deletionVector":{"storageType":"u"}}}"#,
            #"{"metaData":{"id":"i","format":{"provider":"orc","options":{}},"schemaString":"","partitionColumns":[]}}"#,
        ]
    )
    func unsupported(line: String) {
        #expect(throws: DeltaLakeError(.unsupported, "")) { try decode(line) }
    }

    @Test("tables of other reader versions are not read, those of other writer versions not written")
    func protocols() throws {
        func snapshot(_ version: DeltaProtocol, _ configuration: [String: String] = [:], schema: String = "{}") throws
            -> DeltaSnapshot
        {
            let metadata = DeltaMetadata(id: "i", schemaString: schema, configuration: configuration)
            return try DeltaSnapshot([.protocol(version), .metadata(metadata)], version: 0)
        }
        for reader in [2, 3, 4, Int.max] {
            let version = DeltaProtocol(
                minReaderVersion: reader,
                minWriterVersion: 7,
                readerFeatures: ["deletionVectors"]
            )
            let error = #expect(throws: DeltaLakeError(.unsupported, "")) { try snapshot(version) }
            #expect(error?.message.contains("deletionVectors") == true)
        }
        for writer in [3, 4, 5, 6, 8] {
            let read = try snapshot(DeltaProtocol(minReaderVersion: 1, minWriterVersion: writer))
            #expect(throws: DeltaLakeError(.unsupported, "")) { try read.requireWritable() }
        }
        let features = DeltaProtocol(minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["rowTracking"])
        let error = #expect(throws: DeltaLakeError.self) { try snapshot(features).requireWritable() }
        #expect(error?.message.contains("rowTracking") == true)
        for version in [DeltaProtocol.plain, .domains] {
            try snapshot(version).requireWritable()
            #expect(throws: DeltaLakeError(.unsupported, "")) {
                try snapshot(version, ["delta.appendOnly": "true"]).requireWritable()
            }
            #expect(throws: DeltaLakeError(.unsupported, "")) {
                try snapshot(version, schema: #"{"delta.invariants":"x"}"#).requireWritable()
            }
        }
    }

    @Test("statistics come back from their text, and nonsense is refused")
    func statistics() throws {
        var statistics = DeltaStatistics(numRecords: 3)
        statistics.minValues = ["a": .integer(-1), "b": .text("x"), "c": .number("1.5"), "d": .boolean(false)]
        statistics.maxValues = ["a": .integer(1)]
        statistics.nullCount = ["a": 2]
        #expect(try DeltaStatistics(json: statistics.json) == statistics)
        let nested = try DeltaStatistics(json: #"{"numRecords":1,"minValues":{"a":{"b":1},"c":null}}"#)
        #expect(nested.minValues.isEmpty)
        for text in ["", "[]", "{}", #"{"numRecords":-1}"#, #"{"numRecords":"1"}"#] {
            #expect(throws: DeltaLakeError(.malformed, "")) { try DeltaStatistics(json: text) }
        }
    }
}
