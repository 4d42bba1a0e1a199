import Testing

@testable import Wire

@Suite("Origin, compared with where the request goes (RFC 6454 §5)")
struct OriginRelationTests {
    private func relation(_ origins: [String], to host: String, isTLS: Bool = false) throws -> OriginRelation {
        let lines = ["POST / HTTP/1.1", "Host: \(host)"] + origins.map { "Origin: \($0)" }
        return try HTTPFixture.parse(lines.map { $0 + "\r\n" }.joined() + "\r\n").originRelation(isTLS: isTLS)
    }

    @Test("No field")
    func none() throws { #expect(try relation([], to: "example.com") == .none) }

    @Test(
        "The same scheme, host and port, however they are written",
        arguments: [
            ("http://127.0.0.1:9090", "127.0.0.1:9090", false), ("http://example.com", "example.com", false),
            ("http://example.com", "example.com:80", false), ("http://example.com:80", "example.com", false),
            ("HTTP://Example.COM", "example.com", false), ("http://example.com", "EXAMPLE.com.", false),
            ("http://[::1]:9090", "[::1]:9090", false), ("https://example.com", "example.com", true),
            ("https://example.com", "example.com:443", true), ("https://example.com:8443", "example.com:8443", true),
        ])
    func own(origin: String, host: String, isTLS: Bool) throws {
        #expect(try relation([origin], to: host, isTLS: isTLS) == .own)
    }

    @Test(
        "Another scheme, host or port, and what is no origin",
        arguments: [
            ("http://evil.example", "example.com", false), ("http://example.com:81", "example.com", false),
            ("http://example.com", "example.com:8080", false), ("http://example.com", "example.com", true),
            ("http://127.0.0.1:9090", "localhost:9090", false), ("http://sub.example.com", "example.com", false),
            ("http://example.com", "sub.example.com", false), ("http://example.com.evil.example", "example.com", false),
            ("null", "example.com", false), ("", "example.com", false), ("example.com", "example.com", false),
            ("http://example.com/", "example.com", false), ("http://a@example.com", "example.com", false),
            ("http://example.com http://example.com", "example.com", false), ("ws://example.com", "example.com", false),
            ("http://example.com:0", "example.com", false), ("http://*.example.com", "*.example.com", false),
            ("http://a.example.com", "*.example.com", false), ("file://", "example.com", false),
        ])
    func foreign(origin: String, host: String, isTLS: Bool) throws {
        #expect(try relation([origin], to: host, isTLS: isTLS) == .foreign)
    }

    @Test("By https to the same host and port, while the request came without TLS")
    func proxy() throws {
        #expect(try relation(["https://example.com"], to: "example.com") == .ownBehindTLS)
        #expect(try relation(["https://example.com:8443"], to: "example.com:8443") == .ownBehindTLS)
        #expect(try relation(["https://example.com"], to: "example.com:9090") == .foreign)
    }

    @Test("More than one field, also of equal ones, and a huge one")
    func twice() throws {
        let own = "http://example.com"
        #expect(try relation([own, own], to: "example.com") == .foreign)
        #expect(try relation([String(repeating: "a", count: 10_000)], to: "example.com") == .foreign)
        #expect(try relation([own + String(repeating: "/", count: 10_000)], to: "example.com") == .foreign)
    }

    @Test("Of an absolute target the target counts, not Host (RFC 9112 §3.2.2)")
    func absolute() throws {
        let head = "POST http://one.example:81/ HTTP/1.1\r\nHost: two.example\r\nOrigin: "
        #expect(try HTTPFixture.parse(head + "http://one.example:81\r\n\r\n").originRelation(isTLS: false) == .own)
        #expect(try HTTPFixture.parse(head + "http://two.example\r\n\r\n").originRelation(isTLS: false) == .foreign)
    }
}
