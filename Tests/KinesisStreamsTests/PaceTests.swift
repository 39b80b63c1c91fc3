import RecordStreams
import Testing

@testable import KinesisStreams

@Suite("Limits of Kinesis")
struct PaceTests {
    @Test("a shard is read five times a second at most")
    func reads() {
        var pace = Pace(readsPerSecond: 5, bytesPerSecond: 2 << 20)
        #expect(pace.wait(at: .seconds(10)) == .zero)
        pace.note(from: .seconds(10), bytes: 100)
        #expect(pace.wait(at: .seconds(10)) == .milliseconds(200))
        #expect(pace.wait(at: .milliseconds(10_150)) == .milliseconds(50))
        #expect(pace.wait(at: .seconds(11)) == .zero)
    }

    @Test("after a read of 10 MiB the next comes five seconds later")
    func bytes() {
        var pace = Pace(readsPerSecond: 5, bytesPerSecond: 2 << 20)
        pace.note(from: .seconds(1), bytes: 10 << 20)
        #expect(pace.wait(at: .seconds(1)) == .seconds(5))
        #expect(pace.wait(at: .seconds(6)) == .zero)
    }

    @Test("a request of PutRecords has at most 500 records, 10 MiB, and one record of each key")
    func requests() {
        var records = (0..<1300).map { OutgoingRecord(key: "key-\($0)", data: [1]) }
        records += (0..<40).map { OutgoingRecord(key: "large-\($0)", data: Array(repeating: 0, count: 1 << 20)) }
        records += (0..<5).map { OutgoingRecord(key: "key-7", data: [UInt8($0)]) }
        let requests = PutPlan(records).requests
        #expect(requests.flatMap(\.self).sorted() == Array(records.indices))
        for request in requests {
            #expect(request.count <= 500)
            #expect(request.reduce(0) { $0 + PutPlan.bytes(records[$1]) } <= 10 << 20)
            #expect(Set(request.map { records[$0].key }).count == request.count)
        }
        let order = requests.flatMap(\.self).filter { records[$0].key == "key-7" }
        #expect(order == order.sorted() && order.count == 6)
    }

    @Test(
        "a wrong URL says what is wrong",
        arguments: [
            "kinesis://", "kinesis://a b", "s3://orders", "kinesis://orders?regoin=eu-west-1",
            "kinesis://orders?region",
            "kinesis://orders?region=eu-west-1&region=eu-west-2", "kinesis://orders?region=eu-west-1&attempts=0",
            "kinesis://orders?region=EU", "kinesis://orders?region=eu-west-1&endpoint=localhost",
        ]
    )
    func urls(url: String) throws {
        #expect {
            try KinesisStream(url: url)
        } throws: { error in
            (error as? StreamError)?.code == .invalidURL
        }
    }

    @Test("a URL says region, endpoint and how it is used")
    func url() throws {
        let url =
            "kinesis://or.ders?region=eu-west-1&endpoint=http%3A%2F%2Flocalhost:4566&reads-per-second=2.5&timeout=7"
        let (configuration, _) = try KinesisConfiguration.open(url: url)
        #expect(configuration.stream == "or.ders")
        #expect(configuration.region == "eu-west-1")
        #expect(configuration.endpoint == "http://localhost:4566")
        #expect(configuration.readsPerSecond == 2.5)
        #expect(configuration.idleTimeout == .seconds(7))
        #expect(try KinesisStream(url: url).name == "kinesis:eu-west-1:or.ders")
    }
}
