import JMESPath
import Testing

@testable import EventJournal

@Suite("Definitions of columns") struct ColumnDefinitionTests {
    @Test(
        "a definition is a name, an expression and a type",
        arguments: [
            ("added=data.totals.added:int64", "totals.added", PromotedColumn.ValueType.int64),
            ("a=totals.added:long", "totals.added", .int64), ("_a1=data:string", "@", .string),
            ("a=data[0].b:double", "[0].b", .float64), ("a=\"x:y\".z:bool", "\"x:y\".z", .boolean),
            ("a=length(files):int", "length(files)", .int64), ("a=@.data.b:text", "@.data.b", .string),
            ("a=b == 'c:d' && e:boolean", "b == 'c:d' && e", .boolean),
            ("a=x[1:2] | [0]:timestamp", "x[1:2] | [0]", .timestamp),
            ("a=data.data.b:string", "data.b", .string),
        ]
    )
    func definitions(text: String, program: String, type: PromotedColumn.ValueType) throws {
        let column = try PromotedColumn(definition: text)
        #expect(column.program.text == program && column.type == type)
        #expect(try PromotedColumn(definition: column.definition) == column)
    }

    @Test(
        "what is none is refused, and the message says why",
        arguments: [
            ("added", "NAME=JMESPATH:TYPE"), ("added=data.a", "NAME=JMESPATH:TYPE"), ("added=data.a:", "no type"),
            ("a=data.a:int8", "int64, float64, boolean, string, timestamp"),
            ("=data.a:int64", "\"\" cannot be the name"),
            ("1a=data.a:int64", "no digit first"), ("a-b=data.a:int64", "cannot be the name"),
            ("zoë=data.a:int64", "cannot be the name"), ("Timestamp=data.a:int64", "has a column timestamp already"),
            ("batch_id=data.a:string", "already"), ("op=data.a:string", "already"),
            ("highwater_x=data.a:string", "kept for Highwater"), ("a=:int64", "no expression"),
            ("a=data.:int64", "no expression"), ("a=data.a[:int64", "no expression"),
            ("a=foo(x):int64", "no expression"),
            ("a=data.x || data.y:int64", "leave `data.` out"), ("a=@event.nothing:string", "no expression"),
            (String(repeating: "a", count: 65) + "=x:string", "cannot be the name"),
        ]
    )
    func refusals(text: String, reason: String) throws {
        let error = #expect(throws: JournalError.self) { try PromotedColumn(definition: text) }
        #expect(error?.code == .invalidOption)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test("a name stands for one thing for ever; what is removed comes back as it was") func names() throws {
        var domain = ColumnsDomain()
        let added = try PromotedColumn(definition: "added=data.totals.added:int64")
        let other = try PromotedColumn(definition: "ADDED=data.totals.removed:int64")
        #expect(try domain.add(added))
        let isNew = try domain.add(added)
        #expect(!isNew)
        #expect(throws: JournalError.self) { try domain.add(other) }
        #expect(throws: JournalError.self) { try domain.remove("nothing") }
        try domain.remove("Added")
        #expect(domain.live.isEmpty && domain.removed == [added])
        #expect(throws: JournalError.self) { try domain.add(other) }
        #expect(try ColumnsDomain(domain.text) == domain)
        #expect(try domain.add(added))
        #expect(domain.live == [added] && domain.removed.isEmpty)
        for number in 1..<PromotedColumn.mostColumns {
            #expect(try domain.add(PromotedColumn(name: "c\(number)", expression: "a", type: .string)))
        }
        #expect(throws: JournalError.self) {
            try domain.add(PromotedColumn(name: "more", expression: "a", type: .string))
        }
    }

    @Test("what a later version has put into the domain stays there, and is not filled") func unknownColumns() throws {
        let text =
            #"{"columns":[{"expression":"a","name":"a","type":"int64"},{"expression":"b","name":"b","type":"decimal(9,2)"}]}"#
        var domain = try ColumnsDomain(text)
        #expect(domain.live.map(\.name) == ["a"])
        #expect(domain.text == text)
        try domain.remove("a")
        #expect(domain.text.contains("decimal(9,2)"))
        #expect(throws: JournalError.self) { try ColumnsDomain("{}") }
    }
}
