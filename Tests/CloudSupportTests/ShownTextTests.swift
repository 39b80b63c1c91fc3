import CloudSupport
import Testing

@Suite("Texts that people read")
struct ShownTextTests {
    @Test(
        "times have no digits that say nothing",
        arguments: [
            (0, "0 s"), (0.531, "0.53 s"), (10, "10 s"), (10.04, "10 s"), (12.3, "12.3 s"), (59.97, "1 min 00 s"),
            (247.2, "4 min 07 s"), (600, "10 min"), (3600, "1 h"), (11_520, "3 h 12 min"), (442_800, "5 d 3 h"),
        ] as [(Double, String)]
    )
    func times(seconds: Double, text: String) {
        #expect(Spelling.seconds(seconds) == text)
        #expect(Duration.seconds(seconds).spelled == text)
    }

    @Test(
        "numbers have about three digits",
        arguments: [
            (0.0049, "0"), (1.005, "1"), (9.876, "9.88"), (32, "32"), (45.67, "45.7"), (-1234.5, "-1,235"),
            (1_234_567, "1,234,567"), (.infinity, "inf"),
        ] as [(Double, String)]
    )
    func decimals(value: Double, text: String) { #expect(Spelling.decimal(value) == text) }

    @Test("foreign text comes as a line, without what a terminal would obey")
    func foreign() {
        let text = " a\u{1B}[31m\r\n\tb\u{9B}2J\u{202E}c\u{0}\u{7F}  é👩‍👩‍👧 "
        #expect(ForeignText.line(text) == "a\u{FFFD}[31m b\u{FFFD}2J\u{FFFD}c\u{FFFD}\u{FFFD} é👩‍👩‍👧")
        #expect(ForeignText.line("abcdef", limit: 3) == "abc…" && ForeignText.line("abc ", limit: 3) == "abc")
        #expect(ForeignText.line(bytes: [0x61, 0xFF, 0x0A, 0x62]) == "a\u{FFFD} b")
        #expect(ForeignText.line(bytes: "ééé".utf8, limit: 2) == "éé…")
        #expect(ForeignText.lines("a\n\tb\u{1B}]0;x\u{7}") == "a\n\tb\u{FFFD}]0;x\u{FFFD}")
        #expect(ForeignText.lines("a\nü") == "a\nü")
    }

    @Test(
        "of a URL no password is shown, however malformed it is",
        arguments: [
            ("nats://u:geheim@h/S", "nats://***@h/S"), ("nats://u:pa/geheim@h/S", "nats://***@h/S"),
            ("nats://u:pa?geheim=1@h/S", "nats://***@h/S"), ("nats://u:pa@geheim@h", "nats://***@h"),
            ("u:geheim@h:4222", "***@h:4222"), ("nats://u:geheim/S", "nats://u:***"),
            ("nats://h:1,[::1]:5,u:gehe/im?geheim", "nats://h:1,[::1]:5,u:***"),
            ("https://h/x?api_key=geheim&a=1", "https://h/x?api_key=***&a=1"),
            ("https://h/x?access_token=geheim", "https://h/x?access_token=***"),
            ("https://h/x?token=${TOKEN}&sig=${A}geheim}", "https://h/x?token=${TOKEN}&sig=***"),
            ("kinesis://s?endpoint=http%3A%2F%2Fu%3Ageheim%40h", "kinesis://s?endpoint=***"),
            ("kinesis://s?region=eu-west-1", "kinesis://s?region=eu-west-1"), ("./orders", "./orders"),
        ]
    )
    func urls(url: String, shown: String) { #expect(ShownURL.withoutCredentials(url) == shown) }
}
