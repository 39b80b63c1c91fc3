import EventJournal
import Foundation
import Testing

/// The queries of `queries.sql`.
struct QuerySuite {
    /// A query in the spelling of an engine.
    struct Query: Codable {
        var name: String
        var statement: String
        var timeZone: String
    }

    /// The engines with spellings of their own.
    enum Dialect: String {
        case duckdb, spark
    }

    let queries: [Query]

    static let resources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Resources")

    /// Reads the file.
    init(for dialect: Dialect) throws {
        let text = try String(contentsOf: QuerySuite.resources.appending(path: "queries.sql"), encoding: .utf8)
        queries = try text.components(separatedBy: "\n-- query: ").dropFirst()
            .map { block in
                let spellings = block.components(separatedBy: "\n-- on spark:\n")
                try #require(spellings.count <= 2)
                var lines = spellings[0].components(separatedBy: "\n")
                let name = lines.removeFirst()
                let zone = "-- time zone: "
                let timeZone = lines[0].hasPrefix(zone) ? String(lines.removeFirst().dropFirst(zone.count)) : "UTC"
                let common = lines.joined(separator: "\n")
                let statement = dialect == .spark ? spellings.last ?? common : common
                return Query(
                    name: name,
                    statement: spellings.count == 2 ? statement : common,
                    timeZone: timeZone
                )
            }
    }

    /// Writes them where `same_answers.py` reads them.
    func write(to path: String) throws {
        try JSONEncoder().encode(queries).write(to: URL(filePath: path))
    }
}

/// The journals that the suite asks: orders, and what was paid for them.
///
/// They are in the state that asks most of a reader: part compacted, part waiting, with updates and deletes of both.
struct SuiteJournals {
    let orders: Journal
    let payments: Journal
    let paths: (orders: String, payments: String)

    static let count = 900

    init(in scratch: Scratch) async throws {
        paths = (scratch.path + "/orders", scratch.path + "/payments")
        orders = try await scratch.journal("orders")
        payments = try await scratch.journal("payments")
        let half = SuiteJournals.count / 2
        try await orders.append((0..<half).map(SuiteJournals.order))
        try await payments.append((0..<half).map(SuiteJournals.payment))
        for journal in [orders, payments] { try await journal.compact(CompactionPolicy(force: true)) }
        // What is compacted already lacks them, what waits has not been looked at.
        try await orders.addColumns(
            [
                "p_number=data.n:int64", "p_amount=data.amount:float64", "p_city=data.customer.city:string",
                "p_express=data.express:boolean", "p_tags=length(tags || `[]`):int64",
            ]
            .map(PromotedColumn.init(definition:))
        )
        try await orders.append((half - 20..<SuiteJournals.count).map(SuiteJournals.order))
        try await payments.append((half..<SuiteJournals.count).map(SuiteJournals.payment))
        for number in stride(from: 3, to: SuiteJournals.count, by: 61) {
            let note = #"{"n":\#(number),"kind":"changed","amount":0.5,"customer":{"name":"Zoë"},"tags":[]}"#
            try await orders.update(SuiteJournals.id(number), data: Array(note.utf8))
        }
        for number in stride(from: 8, to: SuiteJournals.count, by: 67) {
            try await orders.delete(SuiteJournals.id(number))
            try await payments.delete("payment-\(number)")
        }
    }

    /// Takes everything into the table.
    func compact() async throws {
        for journal in [orders, payments] {
            try await journal.compact(CompactionPolicy(force: true, appliesChanges: true))
            try await journal.fillColumns()
        }
    }

    private static func id(_ number: Int) -> String { "order-" + String(format: "%04d", number) }

    private static func order(_ number: Int) -> Event {
        let names = ["Ann", "Bob", "Zoë 😀", "李雷", "Ольга"]
        let city = number % 4 == 0 ? "null" : #""city \#(number % 6)""#
        let customer =
            number % 9 == 0
            ? #"{"name":"\#(names[number % 5])"}"# : #"{"name":"\#(names[number % 5])","city":\#(city)}"#
        let tags = (0..<number % 4).map { #""tag \#((number + $0) % 7)""# }.joined(separator: ",")
        var data = Array(
            (#"{"n":\#(number),"amount":\#(Double(number % 40) * 0.25),"kind":"\#(["sale", "return", "gift"][number % 3])","#
                + #""customer":\#(customer),"tags":[\#(tags)],"express":\#(number % 2 == 0),"note":"quote \" and \u00e9"}"#)
                .utf8
        )
        if number % 41 == 0 { data = [0xff, UInt8(truncatingIfNeeded: number), 0, UInt8(number % 3)] }
        if number % 43 == 0 { data = Array("not JSON: a line,\nthe \"next\" 'one'; \(number) 😀".utf8) }
        if number % 47 == 0 { data = [] }
        var key: String? = number % 7 == 0 ? nil : "customer-\(number % 5)"
        if number % 53 == 0 { key = "Zoë 😀" }
        if number % 97 == 0 { key = "" }
        return Event(
            id: id(number),
            timestamp: moment(number),
            key: key,
            data: data,
            source: [nil, "web", "shop"][number % 3],
            sequence: number % 3 == 1 ? String(number * 7) : nil
        )
    }

    /// Every 7 h 13 min from the end of February 2024, so that clocks change on the way; a few are long ago or far
    /// ahead.
    private static func moment(_ number: Int) -> Timestamp {
        let usual = 1_709_073_000_000_000 + Int64(number) * 25_980_000_000 + Int64(number * 37 % 1000)
        return Timestamp(
            microseconds: number % 211 == 5 ? -usual / 7 : number % 223 == 6 ? usual * 5 / 2 : usual
        )
    }

    private static func payment(_ number: Int) -> Event {
        Event(
            id: "payment-\(number)",
            timestamp: Timestamp(microseconds: moment(number).microseconds + Int64(number % 19) * 43_200_000_000),
            key: number % 8 == 0 ? nil : id(number % 5 == 0 ? number / 2 : number % 11 == 0 ? number + 500 : number),
            data: Array(#"{"cents":\#(number % 50 * 25),"by":"\#(number % 2 == 0 ? "card" : "cash")"}"#.utf8)
        )
    }
}
