import EventJournal
import Foundation
import SQLQuery
import Testing

/// The same queries give the same rows, whoever runs them.
@Suite("Same answers") struct SameAnswersTests {
    @Test("there are queries of every kind, each with a name, and none is there twice") func suite() throws {
        let queries = try QuerySuite(for: .duckdb).queries
        #expect(queries.count >= 40)
        #expect(Set(queries.map(\.name)).count == queries.count)
        #expect(Set(queries.map { $0.statement + $0.timeZone }).count == queries.count)
        for query in queries {
            #expect(query.statement.lowercased().contains("order by"), "\(query.name)")
            #expect(!query.statement.contains("-- "), "\(query.name)")
        }
        let spellings = try QuerySuite(for: .spark).queries
        #expect(spellings.map(\.name) == queries.map(\.name))
        // Common SQL is the rule.
        let same = zip(queries, spellings).filter { $0.statement == $1.statement }
        #expect(same.count > queries.count * 2 / 3)
    }

    @Test("from events while they wait, after a compaction, and from DuckDB over the table as delta-rs sees it")
    func deltaReaders() async throws {
        let scratch = try Scratch()
        let journals = try await SuiteJournals(in: scratch)
        let suite = try QuerySuite(for: .duckdb)
        let list = scratch.path + "/queries.json"
        try suite.write(to: list)
        let directories = ["waiting", "compacted", "delta"].map { scratch.path + "/" + $0 }
        for directory in directories {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }
        try await run(suite, on: journals, into: directories[0])
        try await journals.compact()
        #expect(try await journals.orders.rows("select count(*) from current") == ["0"])
        try await run(suite, on: journals, into: directories[1])
        _ = try await SameAnswers.run("delta", list, directories[2], journals.paths.orders, journals.paths.payments)
        try await SameAnswers.expect(list, directories)
    }

    @Test("one row that differs is noticed") func comparison() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let list = scratch.path + "/queries.json"
        var suite: [QuerySuite.Query] = []
        // The same number as an integer and as a float is no difference; one in another row, or another name, is.
        let pairs = [
            ("1 as a", "1.0::double as a"), ("1 as a", "2 as a"), ("1 as a", "1 as b"), ("true as a", "1 as a"),
            ("null as a", "0 as a"), ("timestamp '2024-01-01' as a", "timestamptz '2024-01-01 00:00:00+00' as a"),
            ("unnest([1, 2]) as a", "unnest([2, 1]) as a"), ("'' as a", "null as a"), ("'a'::blob as a", "'a' as a"),
        ]
        for (number, pair) in pairs.enumerated() {
            suite.append(QuerySuite.Query(name: "\(number)", statement: pair.0, timeZone: "UTC"))
            for (directory, columns) in [("one", pair.0), ("other", pair.1)] {
                let path = scratch.path + "/" + directory
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                let query = SQLQuery("select \(columns)", engine: Engine.duckDB, options: SQLOptions(format: .parquet))
                try await query.write(on: journal, to: "\(path)/\(number).parquet")
            }
        }
        try JSONEncoder().encode(suite).write(to: URL(filePath: list))
        let answers = try await SameAnswers.compare(list, [scratch.path + "/one", scratch.path + "/other"])
        #expect(answers.map(\.differences.count) == [0, 1, 1, 1, 1, 1, 1, 1, 1])
    }

    private func run(_ suite: QuerySuite, on journals: SuiteJournals, into directory: String) async throws {
        for (number, query) in suite.queries.enumerated() {
            let sql = SQLQuery(
                query.statement,
                engine: Engine.duckDB,
                options: SQLOptions(format: .parquet, timeZone: query.timeZone)
            )
            do {
                try await sql.write(
                    on: journals.orders,
                    with: ["paid": journals.payments],
                    to: "\(directory)/\(number).parquet"
                )
            } catch let error as SQLError {
                Issue.record("\(query.name): \(error.message)")
                throw error
            }
        }
    }
}

/// `same_answers.py`.
enum SameAnswers {
    /// What the comparison says of a query.
    struct Answer: Decodable {
        var name: String
        var rows: Int
        var differences: [String]
    }

    /// Expects that files of several directories have the same rows, and some.
    static func expect(_ list: String, _ directories: [String]) async throws {
        let answers = try await compare(list, directories)
        #expect(answers.count >= 40)
        for answer in answers {
            #expect(answer.rows > 0, "\(answer.name)")
            #expect(answer.differences == [], "\(answer.name)")
        }
    }

    static func compare(_ list: String, _ directories: [String]) async throws -> [Answer] {
        let output = try await run(["compare", list] + directories)
        return try JSONDecoder().decode([Answer].self, from: Data(output.utf8))
    }

    static func run(_ arguments: String...) async throws -> String { try await run(arguments) }

    private static func run(_ arguments: [String]) async throws -> String {
        let script = QuerySuite.resources.appending(path: "same_answers.py").path
        let outcome = try await Child.run(Engine.python, [script] + arguments)
        try #require(outcome.status == 0, "same_answers.py \(arguments): \(outcome.error)")
        return outcome.output
    }
}
