import Testing

@testable import Wire

@Suite("WebSocket origin check")
struct HandshakeOriginTests {
    private func matches(_ origin: String, _ pattern: String) -> Bool {
        // In the middle of other bytes, as in a request.
        let bytes = [UInt8]("a:\(origin)/b".utf8)
        return OriginPattern(pattern)?.matches(bytes.span, 2..<(bytes.count - 2)) ?? false
    }

    @Test(
        "RFC 6455 §10.2: origins that match",
        arguments: [
            ("https://example.com", "https://example.com"), ("HTTPS://Example.COM", "https://example.com"),
            ("https://example.com:443", "https://example.com"), ("https://example.com", "https://EXAMPLE.com:443"),
            ("http://example.com:80", "http://example.com"), ("ws://a", "ws://a:80"), ("wss://a:443", "wss://a"),
            ("https://a:8443", "https://a:8443"), ("https://[::1]:8443", "https://[::1]:8443"),
            ("https://a.example.com", "https://*.example.com"), ("https://a.b.example.com", "https://*.example.com"),
            ("https://a.example.com:8443", "https://*.example.com:8443"), ("null", "null"), ("file://", "file://"),
            ("capacitor://localhost", "capacitor://localhost"), ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ])
    func allowed(origin: String, pattern: String) {
        #expect(matches(origin, pattern))
    }

    @Test(
        "RFC 6455 §10.2: origins that do not match",
        arguments: [
            ("https://example.com", "https://*.example.com"), ("https://badexample.com", "https://*.example.com"),
            ("https://.example.com", "https://*.example.com"), ("https://a..example.com", "https://*.example.com"),
            ("https://a.example.com.evil.net", "https://*.example.com"),
            ("https://evil.net/.example.com", "https://*.example.com"),
            ("https://evil.net#.example.com", "https://*.example.com"),
            ("https://evil@a.example.com", "https://*.example.com"),
            ("https://*.example.com", "https://*.example.com"), ("http://example.com", "https://example.com"),
            ("https://example.com:8443", "https://example.com"), ("https://example.com:80", "https://example.com"),
            ("https://example.com:", "https://example.com"), ("https://example.com:0", "https://example.com"),
            ("https://example.com:+443", "https://example.com"), ("https://example.com:99999", "https://example.com"),
            ("https://example.com/", "https://example.com"), ("https://example.com.", "https://example.com"),
            ("https://example.com https://evil.net", "https://example.com"), ("example.com", "https://example.com"),
            ("https:example.com", "https://example.com"), ("://example.com", "https://example.com"), ("", "https://a"),
            ("null", "https://example.com"), ("NULL", "null"), ("null", "*"), ("null", "file://"), ("file://", "null"),
            ("file:///", "file://"), ("file://host", "file://"), ("https://", "file://"), ("https://a", "*"),
            ("https://\u{212A}", "https://k"), ("https://[::1", "https://[::1"), ("https://[::1]x", "https://[::1]"),
        ])
    func refused(origin: String, pattern: String) {
        #expect(!matches(origin, pattern))
    }

    private func accepts(_ origins: [String], rules allowed: [String]?) throws -> Bool {
        let text = HTTPFixture.mqttJS.dropLast() + origins.map { "Origin: \($0)\r\n" }.joined() + "\r\n"
        let head = try HTTPFixture.parse(String(text))
        do throws(HandshakeRefusal) {
            _ = try Handshake.evaluate(head, rules: HandshakeRules(origins: allowed))
            return true
        } catch {
            #expect(error.kind == .origin)
            #expect(error.status == .forbidden)
            return false
        }
    }

    @Test("RFC 6455 §4.2.2 item 4: the rule over the request")
    func rule() throws {
        let allowed = ["https://a.example", "https://*.b.example"]
        #expect(try accepts(["https://anything"], rules: nil))
        #expect(try accepts([], rules: allowed))
        #expect(try accepts(["https://x.b.example"], rules: allowed))
        #expect(try !accepts(["https://b.example"], rules: allowed))
        #expect(try !accepts(["null"], rules: allowed))
        #expect(try !accepts([""], rules: allowed))
        #expect(try !accepts(["https://a.example", "https://a.example"], rules: allowed))
        #expect(try !accepts(["https://a.example"], rules: []))
    }
}
