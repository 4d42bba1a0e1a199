import Testing

@testable import Wire

@Suite("Request target and host")
struct RequestTargetTests {
    @Test(
        "RFC 3986 §5.2.4, §6.2.2: the path is decoded once and freed of dot segments",
        arguments: [
            ("/", "/"), ("/mqtt", "/mqtt"), ("/a/", "/a/"), ("//", "/"), ("//a//b", "/a/b"), ("/a//b/", "/a/b/"),
            ("/.", "/"), ("/a/.", "/a/"), ("/a/./b", "/a/b"), ("/a/..", "/"), ("/a/../b", "/b"), ("/a/b/..", "/a/"),
            ("/a/b/../../c", "/c"), ("/a//../b", "/b"), ("/...", "/..."), ("/.a", "/.a"), ("/a..", "/a.."),
            ("/%61", "/a"), ("/%c3%A9", "/é"), ("/a%2fb", "/a/b"), ("/a%20b", "/a b"), ("/a+b", "/a+b"),
            ("/%252e%252e/x", "/%2e%2e/x"), ("/%41%2e%2E", "/A.."), ("/a%3Fb", "/a?b"), ("/[a]|{b}^`", "/[a]|{b}^`"),
            ("/a/%2e%2e", "/"), ("/a/%2e", "/a/"), ("/a%2f", "/a/"),
        ])
    func path(target: String, path: String) throws {
        #expect(try HTTPFixture.parse(HTTPFixture.get(target)).path == path)
    }

    @Test(
        "A path above the root, or with bytes that mislead, is refused",
        arguments: [
            "/../etc/passwd", "/..", "/../", "/%2e%2e/", "/%2e%2e", "/.%2E/x", "/a/../..", "/a/%2e%2e%2f..",
            "/a%2f..%2f..%2fetc", "/a/./../../b", "/..%2fetc/passwd", "//../a", "/%00", "/a%00.html", "/..\\etc",
            "/a\\b", "/..%5c..%5cetc", "/a%5cb", "/a%0d%0aX:%20y", "/a%7f", "/%1f", "/%ff", "/%c0%ae%c0%ae/",
            "/%ed%a0%80", "http://example.com/../x", "/a/../../mqtt?x=1",
        ])
    func traversal(target: String) {
        let error = HTTPFixture.failure(HTTPFixture.get(target))
        #expect(error?.status == .badRequest)
        #expect(error?.cause == .target)
    }

    @Test(
        "RFC 3986 §2.1: faults of percent-encoding",
        arguments: ["/%", "/%4", "/%zz", "/%4g", "/a%", "/%%41", "/a%?b", "/%u00e9?b"])
    func percentEncoding(target: String) {
        let error = HTTPFixture.failure(HTTPFixture.get(target))
        #expect(error?.status == .badRequest)
        #expect(error?.cause == .target)
    }

    @Test(
        "The query is opaque: browsers send a bare % as it is",
        arguments: ["%", "token=50%", "x=%4", "%zz=1", "%u00e9", "a=%%41&b", "?%"])
    func opaqueQuery(query: String) throws {
        #expect(try HTTPFixture.parse(HTTPFixture.get("/a?\(query)")).query == query)
    }

    @Test(
        "An IPv6 address without brackets: the answer says what is missing",
        arguments: ["::1", "fe80::1", "fe80::1:8083", "::ffff:192.0.2.1"])
    func unbracketed(value: String) {
        let error = HTTPFixture.failure(HTTPFixture.head("GET / HTTP/1.1", "Host: \(value)"))
        #expect(error?.status == .badRequest && error?.detail.contains("write [address] or [address]:port") == true)
        let other = HTTPFixture.failure(HTTPFixture.head("GET / HTTP/1.1", "Host: example.com:80:90"))
        #expect(other?.detail.contains("IPv6") == false)
    }

    @Test(
        "RFC 9112 §3.2: other forms and other schemes",
        arguments: [
            "*", "example.com:443", "example.com", "mqtt", "?a=1", "ftp://example.com/", "http:/a", "http:example.com",
            "http//a", "://a/", "mqtt://example.com/", "/a#b", "/a\"b", "/<a>", "https://example.com#x",
        ])
    func otherForms(target: String) {
        let error = HTTPFixture.failure(HTTPFixture.get(target))
        #expect(error?.status == .badRequest)
        #expect(error?.cause == .target)
    }

    @Test(
        "RFC 9112 §3.2.2: absolute-form; its host wins over Host",
        arguments: [
            ("http://a.example/x", "a.example", "/x", nil),
            ("HTTPS://A.Example:443/x?y", "a.example", "/x", "y"),
            ("ws://a.example", "a.example", "/", nil),
            ("wss://a.example?y=/z", "a.example", "/", "y=/z"),
            ("wss://[2001:DB8::1]:8084/x", "[2001:db8::1]", "/x", nil),
        ] as [(String, String, String, String?)])
    func absoluteForm(target: String, host: String, path: String, query: String?) throws {
        let head = try HTTPFixture.parse(HTTPFixture.get(target))
        #expect(head.host == host)
        #expect(head.path == path)
        #expect(head.query == query)
    }

    @Test(
        "RFC 9110 §4.2: absolute-form with a bad authority",
        arguments: ["http:///x", "http://", "http://user@a/", "http://a:b@c/", "http://a:99999/", "http://:80/"])
    func badAuthority(target: String) {
        #expect(HTTPFixture.failure(HTTPFixture.get(target))?.status == .badRequest)
    }

    @Test(
        "RFC 9110 §7.2: the host of a Host field",
        arguments: [
            ("example.com", "example.com"), ("Example.COM:8084", "example.com"), ("example.com.", "example.com"),
            ("example.com.:443", "example.com"), ("example.com:", "example.com"), ("10.0.0.1:80", "10.0.0.1"),
            ("[::1]", "[::1]"), ("[FE80::1]:65535", "[fe80::1]"), ("a_b-c.example", "a_b-c.example"), ("", ""),
        ])
    func host(value: String, host: String) throws {
        #expect(try HTTPFixture.parse(HTTPFixture.head("GET / HTTP/1.1", "Host: \(value)")).host == host)
    }

    @Test(
        "RFC 9112 §3.2: an invalid Host",
        arguments: [
            "a/b", "a b", "a@b", "a:b", "a:65536", "a:123456", "a:1:2", "a..b", "..", "[::1", "[]", "[::1]x", "[::g]",
            "::1", "a%2eb", "a\\b", "a?b", "é.example", "a:+1", "\"a\"",
        ])
    func invalidHost(value: String) {
        let error = HTTPFixture.failure(HTTPFixture.head("GET / HTTP/1.1", "Host: \(value)"))
        #expect(error?.status == .badRequest)
        #expect(error?.cause == .host)
    }

    @Test("RFC 9112 §3.2: HTTP/1.1 needs exactly one Host")
    func hostCount() {
        #expect(HTTPFixture.failure(HTTPFixture.head("GET / HTTP/1.1", "X: y"))?.cause == .host)
        #expect(HTTPFixture.failure(HTTPFixture.get("/", "Host: example.com"))?.cause == .host)
        #expect(HTTPFixture.failure(HTTPFixture.get("http://a.example/", "hOST: b"))?.cause == .host)
        #expect(HTTPFixture.failure(HTTPFixture.head("GET http://a/ HTTP/1.1"))?.cause == .host)
        #expect(HTTPFixture.failure(HTTPFixture.head("GET / HTTP/1.0", "Host: a", "Host: a"))?.cause == .host)
    }

    @Test("RFC 9112 §3.2: HTTP/1.0 may come without Host")
    func http10() throws {
        #expect(try HTTPFixture.parse(HTTPFixture.head("GET / HTTP/1.0")).host == nil)
        #expect(try HTTPFixture.parse(HTTPFixture.head("GET / HTTP/1.0", "Host: A:1")).host == "a")
    }
}
