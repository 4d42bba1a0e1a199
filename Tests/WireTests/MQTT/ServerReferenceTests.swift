import TestSupport
import Testing

@testable import Wire

@Suite("Server Reference")
struct ServerReferenceTests {
    struct Fixture: Sendable, CustomTestStringConvertible {
        let text: String
        let servers: [ServerReference]
        var testDescription: String { text.isEmpty ? "nothing" : String(text.prefix(60)) }

        init(_ text: String, _ servers: (String, UInt16?)...) {
            self.text = text
            self.servers = servers.map { ServerReference(host: $0.0, port: $0.1) }
        }
    }

    private static let label = String(repeating: "a", count: 63)

    static let fixtures: [Fixture] = [
        // The examples of 5.0 §4.11.
        Fixture("myserver.xyz.org", ("myserver.xyz.org", nil)),
        Fixture("myserver.xyz.org:8883", ("myserver.xyz.org", 8883)),
        Fixture(
            "10.10.151.22:8883 [fe80::9610:3eff:fe1c]:1883", ("10.10.151.22", 8883), ("fe80::9610:3eff:fe1c", 1883)),
        // Other forms that are sound.
        Fixture("Broker-2.Example.COM:1", ("broker-2.example.com", 1)),
        Fixture("emqx_2:65535", ("emqx_2", 65535)),
        Fixture("a.example.com.", ("a.example.com", nil)),
        Fixture("[::1]", ("::1", nil)),
        Fixture("[2001:DB8:0:0:0:0:0:1]:1883", ("2001:db8::1", 1883)),
        Fixture("[::FFFF:192.0.2.1]:1883", ("::ffff:192.0.2.1", 1883)),
        Fixture("  a   b:2  ", ("a", nil), ("b", 2)),
        Fixture(
            "\(label).\(label).\(label).\(label.dropLast(2)).:65535",
            ("\(label).\(label).\(label).\(label.dropLast(2))", 65535)),
        // What is malformed is skipped.
        Fixture(""),
        Fixture("   "),
        Fixture("a: b:0 c:65536 d:01 e:x f:1:2 g", ("g", nil)),
        Fixture(":1883 . a..b .a b.. c", ("c", nil)),
        Fixture("[::1 ::1] [::1]x [::1]: [] [1.2.3.4] [::g]:1 fe80::1 [::1]:9", ("::1", 9)),
        Fixture("mqtt://a:1883 a/b a,b ä.example.com a\u{0} a\tb c;d e", ("e", nil)),
        Fixture("\(label).\(label).\(label).\(label) a", ("a", nil)),
        Fixture(String(repeating: "a", count: 60_000) + " b", ("b", nil)),
    ]

    @Test("5.0 §4.11", arguments: fixtures)
    func fixture(_ fixture: Fixture) {
        #expect(ServerReference.list(Array(fixture.text.utf8).span) == fixture.servers)
    }

    @Test("At most 16 servers are read, those that are skipped do not count")
    func limit() {
        let text = (0..<40).flatMap { ["/", "b\($0):1"] }.joined(separator: " ")
        let servers = ServerReference.list(Array(text.utf8).span)
        #expect(servers == (0..<16).map { ServerReference(host: "b\($0)", port: 1) })
    }

    @Test("Random text ends in an answer that reads as itself")
    func noise() {
        var random = SeededGenerator(seed: 12)
        let alphabet = Array("abZ019.:::[[]]- %\u{0}".utf8) + [0xC3, 0xA4, 0xFF]
        var found = 0
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...60, using: &random)
            let text = (0..<count).compactMap { _ in alphabet.randomElement(using: &random) }
            for server in ServerReference.list(text.span) {
                found += 1
                let host = server.host.contains(":") ? "[\(server.host)]" : server.host
                let again = host + (server.port.map { ":\($0)" } ?? "")
                #expect(ServerReference.list(Array(again.utf8).span) == [server], "\(text)")
            }
        }
        #expect(found > 300)
    }
}
