import NIOCore
import ObjectStorageTesting
import Testing

@testable import NATSStreams

@Suite("The NATS protocol")
struct ParserTests {
    /// Frames of a text that comes in pieces.
    private func frames(_ bytes: [UInt8], cuts: [Int] = [], longest: Int = 1 << 20) throws -> [NATSFrame] {
        var parser = NATSParser(longestMessage: longest)
        var buffer = ByteBuffer()
        var frames: [NATSFrame] = []
        var start = 0
        for cut in cuts + [bytes.count] {
            buffer.writeBytes(bytes[start..<cut])
            start = cut
            while let frame = try parser.next(&buffer) { frames.append(frame) }
            buffer.discardReadBytes()
        }
        return frames
    }

    private func message(_ sid: Int, _ subject: String, _ reply: String?, _ headers: String?, _ payload: String)
        -> NATSFrame
    {
        .message(
            NATSMessage(
                subscription: sid,
                subject: ByteBuffer(string: subject),
                reply: reply.map { ByteBuffer(string: $0) },
                headers: headers.map { ByteBuffer(string: $0) },
                payload: ByteBuffer(string: payload)
            )
        )
    }

    private let text = Array(
        ("INFO {\"server_id\":\"X\",\"a\":\"b c\"} \r\nPING\r\nMSG orders.1 9 5\r\nhello\r\n"
            + "msg\torders.2  9 _INBOX.x 0\r\n\r\nHMSG o 3 12 15\r\nNATS/1.0\r\n\r\nabc\r\n"
            + "HMSG o 3 $JS.ACK.a.b 16 16\r\nNATS/1.0 503\r\n\r\n\r\n+OK\r\n-ERR 'Unknown Protocol Operation'\r\n"
            + "MSG lines 4 8\r\nMSG\r\na\r\n\r\nPONG\r\n")
            .utf8
    )

    private var expected: [NATSFrame] {
        [
            .info(ByteBuffer(string: " {\"server_id\":\"X\",\"a\":\"b c\"} ")), .ping,
            message(9, "orders.1", nil, nil, "hello"),
            message(9, "orders.2", "_INBOX.x", nil, ""), message(3, "o", nil, "NATS/1.0\r\n\r\n", "abc"),
            message(3, "o", "$JS.ACK.a.b", "NATS/1.0 503\r\n\r\n", ""), .ok, .error("Unknown Protocol Operation"),
            message(4, "lines", nil, nil, "MSG\r\na\r\n"), .pong,
        ]
    }

    @Test("frames are the same wherever the bytes were cut")
    func cuts() throws {
        #expect(try frames(text) == expected)
        for cut in 0...text.count { #expect(try frames(text, cuts: [cut]) == expected, "cut at \(cut)") }
        #expect(try frames(text, cuts: Array(0...text.count)) == expected)
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<300 {
            let cuts = (0..<Int.random(in: 1...20, using: &random))
                .map { _ in
                    Int.random(in: 0...text.count, using: &random)
                }
            #expect(try frames(text, cuts: cuts.sorted()) == expected, "seed \(seed)")
        }
    }

    @Test(
        "what no server says is refused, and bounded before it is believed",
        arguments: [
            "\r\n", "   \r\n", "HTTP/1.1 400 Bad Request\r\n", "PING\n", "MSG a 1\r\n", "MSG a 1 2 3 4 5\r\n",
            "MSG a x 5\r\nhello\r\n", "MSG a 1 -5\r\nhello\r\n", "MSG a 1 5x\r\nhello\r\n", "MSG a 1 1048577\r\n",
            "MSG a 1 99999999999999999999\r\n", "HMSG a 1 6 5\r\nhello\r\n", "HMSG a 1 r -1 5\r\nhello\r\n",
            "MSG a 1 4\r\nhello\r\n", "MSG a 1 5\r\nhello\rX", "HMSG a 1 5\r\nhello\r\n", "\u{0}\u{0}\r\n",
        ]
    )
    func hostile(text: String) {
        #expect(throws: NATSProtocolError.self) { try frames(Array(text.utf8)) }
        #expect(throws: NATSProtocolError.self) {
            try frames(Array(text.utf8), cuts: Array(0...text.utf8.count))
        }
    }

    @Test("a line without an end is given up, whether it comes at once or by the byte")
    func endless() {
        let line = Array(repeating: UInt8(ascii: "A"), count: 70_000)
        #expect(throws: NATSProtocolError.self) { try frames(line) }
        #expect(throws: NATSProtocolError.self) { try frames(line, cuts: Array(stride(from: 0, to: 70_000, by: 7))) }
        #expect(throws: NATSProtocolError.self) { try frames(line + [0x0D, 0x0A]) }
    }

    @Test("noise ends in an error or in frames, never in a crash")
    func noise() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        var refused = 0
        for _ in 0..<2000 {
            var bytes = text
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do { _ = try frames(bytes, cuts: [Int.random(in: 0...bytes.count, using: &random)]) } catch { refused += 1 }
        }
        #expect(refused > 100, "seed \(seed)")
    }

    @Test("headers have a status or values, and what is none is passed over")
    func headers() {
        let status = NATSHeaders(ByteBuffer(string: "NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 3\r\n\r\n"))
        #expect(status.status == 408 && status.description == "Request Timeout")
        #expect(status["Nats-Pending-Messages"] == "3")
        let values = NATSHeaders(ByteBuffer(string: "NATS/1.0\r\nKey:  a: b\r\nnonsense\r\nkey:c\r\n\r\n"))
        #expect(values.status == nil && values["Key"] == "a: b" && values["key"] == "c" && values["x"] == nil)
        #expect(NATSHeaders(ByteBuffer(string: "HTTP/1.1 200\r\na: b\r\n"))["a"] == nil)
        #expect(NATSHeaders(ByteBuffer(bytes: [0xFF, 0x0D, 0x0A])).status == nil)
        #expect(NATSHeaders(ByteBuffer()).status == nil)
    }

    @Test("where a record is comes from its address, of old and of new servers")
    func deliveries() {
        let old = DeliveryFacts(ByteBuffer(string: "$JS.ACK.EV.xEPgQuqC.1.8.7.1795301712006495147.4"))
        #expect(old?.sequence == 8 && old?.delivery == 7 && old?.nanoseconds == 1_795_301_712_006_495_147)
        #expect(old?.pending == 4)
        for new in ["$JS.ACK.hub.hash.EV.con.1.8.7.99.4", "$JS.ACK._.hash.EV.con.1.8.7.99.4.random"] {
            let facts = DeliveryFacts(ByteBuffer(string: new))
            #expect(facts?.sequence == 8 && facts?.delivery == 7 && facts?.nanoseconds == 99 && facts?.pending == 4)
        }
        for bad in [
            "", "$JS.ACK", "$JS.ACK.a.b.1.x.3.4.5", "$JS.ACK.a.b.1.-2.3.4.5", "a.b.c.d.1.2.3.4.5",
            "$JS.ACK.a.b.c.1.2.3.4.5",
        ] {
            #expect(DeliveryFacts(ByteBuffer(string: bad)) == nil, "\(bad)")
        }
    }

    @Test("numbers at the end of a subject are found")
    func numbers() {
        #expect(NATSChannelHandler.lastNumber(ByteBuffer(string: "_INBOX.a.r.120")) == 120)
        #expect(NATSChannelHandler.lastNumber(ByteBuffer(string: "_INBOX.a.r.x")) == nil)
        #expect(NATSChannelHandler.lastNumber(ByteBuffer(string: "")) == nil)
        #expect(NATSChannelHandler.lastTwoNumbers(ByteBuffer(string: "_INBOX.a.p.7.120")) ?? (0, 0) == (7, 120))
        #expect(NATSChannelHandler.lastTwoNumbers(ByteBuffer(string: "7.120")) ?? (0, 0) == (7, 120))
        #expect(NATSChannelHandler.lastTwoNumbers(ByteBuffer(string: "a.120")) == nil)
        #expect(NATSChannelHandler.lastNumber(ByteBuffer(string: "a.99999999999999999999")) == nil)
    }
}
