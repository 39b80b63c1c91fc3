import CloudSupport
import RecordStreams
import Testing

@testable import NATSStreams

@Suite("URLs and subjects of NATS")
struct ConfigurationTests {
    private func open(_ url: String, _ environment: [String: String] = [:]) throws -> NATSConfiguration {
        try NATSConfiguration(url: url, environment: EnvironmentVariables(environment))
    }

    @Test("a URL says where the stream is, who asks, and how keys become subjects")
    func urls() throws {
        let full = try open("nats://me:p%40ss@one:4333,two,[::1]:5/ORDERS?subject=orders.{key}&attempts=3&timeout=2.5")
        #expect(full.servers.map(\.description) == ["one:4333", "two:4222", "[::1]:5"])
        #expect(full.user == "me" && full.password == "p@ss" && full.token == nil && !full.requiresTLS)
        #expect(full.stream == "ORDERS" && full.subject.description == "orders.{key}" && full.attempts == 3)
        #expect(full.requestTimeout == .milliseconds(2500))
        #expect(try NATSStream(full).name == "nats:ORDERS")
        let token = try open("tls://s3cret@host/S?domain=hub&name=other", ["NATS_CA": "/ca.pem"])
        #expect(token.token == "s3cret" && token.user == nil && token.requiresTLS && token.authorityFile == "/ca.pem")
        #expect(try NATSStream(token).name == "nats:other")
        #expect(try NATSStream(open("nats://h/S?domain=hub")).name == "nats:hub:S")
    }

    @Test("what a URL leaves open comes from the variables of the nats program")
    func environment() throws {
        let variables = ["NATS_URL": "u:p@broker:4333", "NATS_CERT": "c", "NATS_KEY": "k"]
        let open = try open("nats:///S", variables)
        #expect(open.servers.map(\.description) == ["broker:4333"] && open.user == "u" && open.password == "p")
        #expect(open.certificateFile == "c" && open.keyFile == "k")
        let user = try self.open("nats://h/S", ["NATS_USER": "a", "NATS_PASSWORD": "b", "NATS_TOKEN": "t"])
        #expect(user.user == "a" && user.password == "b" && user.token == nil && user.servers[0].port == 4222)
        #expect(try self.open("nats://h/S", ["NATS_TOKEN": "t"]).token == "t")
        #expect(try self.open("nats:///S").servers.map(\.description) == ["127.0.0.1:4222"])
    }

    @Test(
        "a URL that cannot be is refused in words, without its password",
        arguments: [
            ("nats://u:geheim@h:4222", "names no stream"), ("nats://u:geheim@h/", "names no stream"),
            ("http://u:geheim@h/S", "nats://"), ("nats://u:geheim@h:99999/S", "h:99999"),
            ("nats://u:geheim@h,/S", "not HOST"), ("nats://u:geheim@h/A.B", "dots"),
            ("nats://u:geheim@h/S?x=1", "unknown option"),
            ("nats://u:geheim@h/S?domain", "not NAME=VALUE"), ("nats://u:geheim@h/S?name=a&name=b", "twice"),
            ("nats://u:geheim@h/S?subject=orders.new", "key-header"),
            ("nats://u:geheim@h/S?subject=a..{key}", "subject"),
            ("nats://u:geheim@h/S?subject={key}.{key}", "once"), ("nats://u:geheim@h/S?subject=o.>", "subject"),
            ("nats://u:geheim@h/S?key-header=K", "subject"), ("nats://u:geheim@h/S?attempts=0", "attempts"),
            ("nats://u:geheim@h/S?timeout=x", "timeout"), ("nats://u:geheim@h/S?cert=a", "without the other"),
            ("nats://u:pa/geheim@h/S", "%2F"), ("nats://u:pa/geheim", "not HOST"), ("nats://u:pa?geheim@h/S", "%3F"),
            ("nats://u:pa@x/geheim@h/S", "%40"), ("nats://u:geheim/S", "not HOST"), ("nats://u:1/geheim@h", "%2F"),
            ("nats://h/S?password=geheim", "unknown option"),
            ("nats://:geheim@h/S", "user"), ("nats://u:geheim@h/S?name=a%20b", "name"),
            ("nats://u:geheim@h/S?key-header=A:B&subject=o", "key-header"),
        ]
    )
    func wrong(url: String, part: String) {
        #expect {
            _ = try open(url)
        } throws: { error in
            let error = error as? StreamError
            return error?.code == .invalidURL && error?.message.contains(part) == true
                && error?.message.contains("geheim") == false
        }
    }

    @Test("every key makes a subject that gives it back")
    func subjects() throws {
        let keys = [
            "a", "eu.order.1", "schlüssel-3", "with blank", ".", "..", "a.", ".a", "a..b", "*", ">", "a>b", "100%",
            "%20",
            "tab\t", "line\r\nbreak", "\u{301}x", "🏳️‍🌈", "\u{0}",
        ]
        for template in ["{key}", "orders.{key}", "orders.{key}.new", "o-{key}"] {
            let subject = try NATSSubject(template)
            for key in keys {
                var bytes: [UInt8] = []
                subject.write(key, into: &bytes)
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F }, "\(text)")
                #expect(
                    !text.split(separator: ".", omittingEmptySubsequences: false)
                        .contains { ["", "*", ">"].contains($0) }
                )
                #expect(Array(subject.key(of: text).utf8) == Array(key.utf8), "\(template) \(key) \(text)")
            }
        }
        let orders = try NATSSubject("orders.{key}")
        #expect(orders.key(of: "other.1") == "other.1" && orders.key(of: "orders.") == "orders.")
        #expect(orders.key(of: "orders.50%") == "50%" && orders.key(of: "orders.a.b") == "a.b")
    }

    @Test("subjects match patterns as the server has it")
    func patterns() {
        let cases: [(String, String, Bool)] = [
            ("a.b", "a.b", true), ("a.b", "a.*", true), ("a.b.c", "a.*", false), ("a.b.c", "a.>", true),
            ("a", "a.>", false),
            ("a", ">", true), ("a.b.c", "a.*.c", true), ("b.b", "a.*", false), ("a", "a.b", false),
        ]
        for (subject, pattern, isMatch) in cases {
            #expect(NATSSubject.matches(subject, ["nothing", pattern]) == isMatch, "\(subject) \(pattern)")
        }
    }
}
