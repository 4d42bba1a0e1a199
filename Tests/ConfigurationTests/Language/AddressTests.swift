import Testing

@testable import Configuration

@Suite struct AddressTests {
    @Test(arguments: [
        ("*:8083", "*:8083"), ("0.0.0.0:8083", "*:8083"), ("127.0.0.1:1", "127.0.0.1:1"),
        ("[::1]:8083", "[::1]:8083"), ("[::]:65535", "[::]:65535"),
        ("[2001:DB8:0:0:1:0:0:1]:80", "[2001:db8::1:0:0:1]:80"),
        ("unix:/run/a b.sock", "unix:/run/a b.sock"),
    ]) func listening(text: String, canonical: String) throws {
        let addresses = try Address.listening(text)
        #expect(addresses.map(\.description) == [canonical])
        #expect(try Address.listening(canonical) == addresses)
    }

    @Test func aPortAloneIsEveryAddress() throws {
        #expect(try Address.listening("8084").map(\.description) == ["*:8084", "[::]:8084"])
    }

    @Test(arguments: [
        "", "0", "65536", "-1", "99999999999999999999", "localhost", "localhost:80", "a b:80", "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+80", "127.0.0.256:80", "127.0.1:80", "01.2.3.4:80",
        "::1:80",
        "[::1]", "[::1:80", "::1]:80", "[]:80", "[::1%eth0]:80", "[127.0.0.1]:80", "[:::]:80", "[1:2:3:4:5:6:7]:80",
        ":80", "unix:", "unix:/", "unix:run", "unix:/a\nb", "http://a:80",
    ]) func noListening(text: String) {
        #expect(throws: ValueFault.self) { try Address.listening(text) }
    }

    @Test(arguments: [
        ("127.0.0.1:1883", "127.0.0.1:1883"), ("Broker_1.Example:1883", "broker_1.example:1883"), ("a:1", "a:1"),
        ("[::ffff:10.0.0.1]:1883", "[::ffff:10.0.0.1]:1883"), ("unix:/run/mosquitto.sock", "unix:/run/mosquitto.sock"),
    ]) func peer(text: String, canonical: String) throws {
        let address = try Address.peer(text)
        #expect(address.description == canonical)
        #expect(try Address.peer(canonical) == address)
    }

    @Test(arguments: [
        "", "1883", "*:1883", "broker", "broker:", "broker:mqtt", "-:", "a..b:1", "1.2.3:1", "é:1", "mqtt://a:1",
    ]) func noPeer(text: String) {
        #expect(throws: ValueFault.self) { try Address.peer(text) }
    }

    @Test func socketPathLength() throws {
        #expect(try Address.peer("unix:/" + String(repeating: "a", count: 106)) != .unix(path: "/"))
        #expect(throws: ValueFault.self) { try Address.peer("unix:/" + String(repeating: "a", count: 107)) }
    }

    // RFC 5952 §4
    @Test(arguments: [
        ("::", "::"), ("0:0:0:0:0:0:0:0", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:0DB8::0001", "2001:db8::1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ]) func canonicalIPv6(text: String, canonical: String) {
        #expect(Host.canonicalIPv6(text) == canonical)
        #expect(Host.canonicalIPv6(canonical) == canonical)
    }

    // RFC 4291 §2.2
    @Test(arguments: [
        "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "1::2::3", ":1::2", "1::2:",
        "12345::", "g::", "+1::", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "::256.1.1.1", "1:2:3:4:5:6:7:1.2.3.4",
    ]) func noIPv6(text: String) {
        #expect(Host.canonicalIPv6(text) == nil)
    }

    @Test(arguments: ["a", "a.b", "xn--bcher-kva.example", "a-b_c.d", "1a.2b", String(repeating: "a", count: 63)])
    func name(text: String) {
        #expect(Host.isName(text))
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "a b", "a/b", "a:b", "bücher", "1.2", String(repeating: "a", count: 64),
    ]) func noName(text: String) {
        #expect(!Host.isName(text))
    }
}

// RFC 6454 §6.2
@Suite struct OriginTests {
    @Test(arguments: [
        ("https://example.com", "https://example.com"), ("HTTPS://Example.COM:443", "https://example.com"),
        ("http://example.com:80", "http://example.com"), ("http://example.com:443", "http://example.com:443"),
        ("https://*.Example.com:8443", "https://*.example.com:8443"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("https://[0:0::1]", "https://[::1]"), ("https://[::1]:443", "https://[::1]"),
        ("capacitor://localhost", "capacitor://localhost"), ("null", "null"), ("Null", "null"),
        ("file://", "file://"), ("FILE://", "file://"),
    ]) func origin(text: String, canonical: String) throws {
        #expect(try Origin.parsed(text) == canonical)
    }

    @Test(arguments: [
        "", "*", "any", "nil", "example.com", "file:", "file:///", "file:///a.html", "file://host", "null://",
        "null:80", "https:", "https://", "https:/example.com", "://example.com",
        "1https://example.com", "https://example.com/", "https://example.com/a", "https://user@example.com",
        "https://example.com:", "https://example.com:0", "https://example.com:65536", "https://*", "https://*.",
        "https://*.*.com", "https://a.*.com", "https://*a.com", "https://*.1.2.3.4", "https://[::1",
        "https://bücher.example",
    ]) func noOrigin(text: String) {
        #expect(throws: ValueFault.self) { try Origin.parsed(text) }
    }
}
