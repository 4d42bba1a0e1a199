import Testing

@testable import Wire

@Suite("Request head: request line and fields")
struct RequestHeadTests {
    @Test("The parts of a browser's request")
    func chrome() throws {
        let head = try HTTPFixture.parse(HTTPFixture.chrome)
        #expect(head.method == "GET")
        #expect(head.target == "/mqtt?token=a%2Bb")
        #expect(head.path == "/mqtt")
        #expect(head.query == "token=a%2Bb")
        #expect(head.minorVersion == 1)
        #expect(head.host == "broker.example.com")
        #expect(head.fields.count == 14)
        #expect(head.fields.first == HTTPField("host", "broker.example.com"))
        #expect(head.first("Accept-Language") == "en-US,en;q=0.9")
        #expect(head.argument("token") == "a+b")
        #expect(head.cookie("session") == "abc=def")
    }

    @Test("Every client's request parses", arguments: HTTPFixture.all)
    func clients(text: String) throws {
        let head = try HTTPFixture.parse(text)
        #expect(head.path == "/mqtt")
        #expect(head.tokens("upgrade") == ["websocket"])
    }

    @Test(
        "RFC 9112 §3: malformed request lines",
        arguments: [
            "GET /", "GET", "", " GET / HTTP/1.1", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "GET / HTTP/1.1 x",
            "GET\t/\tHTTP/1.1", "GET / http/1.1", "GET / HTTP/1", "GET / HTTP/1.", "GET / HTTP/11.1", "GET / HTTP/1.10",
            "GET / HTTP/a.1", "GET / HTTP/1,1", "GET / HTTPS/1.1", "G@T / HTTP/1.1", "G\u{E9}T / HTTP/1.1",
            "/ HTTP/1.1", " / HTTP/1.1",
        ])
    func malformedRequestLine(line: String) {
        let error = HTTPFixture.failure(HTTPFixture.head(line, "Host: a"))
        #expect(error?.status == .badRequest)
        #expect(error?.cause == .requestLine)
    }

    @Test("RFC 9110 §15.6.6: another major version is 505", arguments: ["HTTP/0.9", "HTTP/2.0", "HTTP/3.0"])
    func majorVersion(version: String) {
        let error = HTTPFixture.failure(HTTPFixture.head("GET / \(version)", "Host: a"))
        #expect(error?.status == .httpVersionNotSupported)
        #expect(error?.cause == .version)
    }

    @Test("RFC 9113 §3.4: the preface of HTTP/2 is named")
    func http2Preface() {
        let error = HTTPFixture.failure("PRI * HTTP/2.0\r\n\r\n")
        #expect(error?.status == .httpVersionNotSupported)
        #expect(error?.cause == .otherProtocol(.http2))
    }

    @Test("RFC 9112 §2.3: any minor version of 1 is read", arguments: [0, 1, 2, 9])
    func minorVersion(minor: Int) throws {
        #expect(try HTTPFixture.parse(HTTPFixture.head("GET / HTTP/1.\(minor)", "Host: a")).minorVersion == minor)
    }

    @Test(
        "RFC 9112 §5: malformed field lines",
        arguments: [
            "X-A : 1", "X-A\t: 1", " folded", "\tfolded", "no colon", ": no name", "X A: 1", "X\u{1}A: 1", "X(A): 1",
            "X\u{E9}: 1", "X-A: a\u{0}b", "X-A: a\u{1}b", "X-A: a\u{7F}b", "X-A: a\rb", "X-A: a\r", "\"X\": 1",
        ])
    func malformedField(line: String) {
        let error = HTTPFixture.failure(HTTPFixture.get("/", "X-Before: 1", line))
        #expect(error?.status == .badRequest)
        #expect(error?.cause == .field)
    }

    @Test("RFC 9112 §2.2, §5.2: a line that begins with white space, first or later", arguments: [" ", "\t"])
    func fold(space: String) {
        let first = HTTPFixture.failure(HTTPFixture.head("GET / HTTP/1.1", space + "Host: a"))
        let later = HTTPFixture.failure(HTTPFixture.get("/", space + "X: y"))
        for error in [first, later] {
            #expect(error?.cause == .field)
            #expect(error?.detail.contains("obs-fold") == true)
        }
    }

    @Test(
        "RFC 9110 §5.5: white space around a value is no part of it",
        arguments: [("X-A:1", "1"), ("X-A: \t 1\t ", "1"), ("x-a:", ""), ("X-A:  ", ""), ("X-A: a \t b", "a \t b")])
    func fieldValue(line: String, value: String) throws {
        #expect(try HTTPFixture.parse(HTTPFixture.get("/", line)).first("x-a") == value)
    }

    @Test("RFC 9110 §5.5: obs-text passes; what is not UTF-8 becomes U+FFFD")
    func obsText() throws {
        #expect(try HTTPFixture.parse(HTTPFixture.get("/", "X-A: é")).first("x-a") == "é")
        let bytes = [UInt8]("GET / HTTP/1.1\r\nHost: a\r\nX-A: ".utf8) + [0xE9] + [UInt8]("\r\n\r\n".utf8)
        #expect(try HTTPFixture.parse(bytes).first("x-a") == "\u{FFFD}")
    }

    @Test(
        "RFC 9112 §2.2: line endings and empty lines",
        arguments: [
            "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\n", "", "\r\n", "\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\nHost: a",
            "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n", "GET / HTTP/1.1\r\n\r\nHost: a\r\n\r\n",
        ])
    func framing(text: String) {
        let error = HTTPFixture.failure(text)
        #expect(error?.status == .badRequest)
        #expect(error?.cause == .framing)
    }

    @Test("RFC 9112 §2.2: two empty lines before the request line are tolerated", arguments: [0, 1, 2])
    func leadingEmptyLines(count: Int) throws {
        let text = String(repeating: "\r\n", count: count) + HTTPFixture.get("/")
        #expect(try HTTPFixture.parse(text).path == "/")
    }

    @Test("More than 100 fields is 431")
    func fieldLimit() throws {
        let fields = String(repeating: "X: y\r\n", count: 99)
        let start = "GET / HTTP/1.1\r\nHost: a\r\n"
        #expect(try HTTPFixture.parse(start + fields + "\r\n").fields.count == 100)
        let error = HTTPFixture.failure(start + fields + "X: y\r\n\r\n")
        #expect(error?.status == .requestHeaderFieldsTooLarge)
        #expect(error?.cause == .tooLarge)
    }

    @Test(
        "RFC 9112 §6: announced bodies",
        arguments: [
            ("GET", "1.1", ["Content-Length: 1"]),
            ("GET", "1.1", ["Transfer-Encoding: chunked"]),
            ("HEAD", "1.1", ["Content-Length: 5"]),
            ("POST", "1.1", ["Content-Length: 1", "Transfer-Encoding: chunked"]),
            ("POST", "1.0", ["Transfer-Encoding: chunked"]),
            ("POST", "1.1", ["Content-Length: 1", "Content-Length: 2"]),
            ("POST", "1.1", ["Content-Length: 1, 1"]),
            ("POST", "1.1", ["Content-Length: +1"]),
            ("POST", "1.1", ["Content-Length: -1"]),
            ("POST", "1.1", ["Content-Length:"]),
            ("GET", "1.1", ["Content-Length: 0x0"]),
            ("GET", "1.1", ["Content-Length: 99999999999999999999999999"]),
        ])
    func body(method: String, version: String, fields: [String]) {
        let text = "\(method) / HTTP/\(version)\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
        let error = HTTPFixture.failure(text)
        #expect(error?.status == .badRequest)
        #expect(error?.cause == .body)
    }

    @Test("A length of zero is no body; other methods may announce one", arguments: ["0", "000"])
    func emptyBody(length: String) throws {
        #expect(try HTTPFixture.parse(HTTPFixture.get("/", "Content-Length: \(length)")).path == "/")
        let post = HTTPFixture.head("POST / HTTP/1.1", "Host: a", "Content-Length: 12")
        #expect(try HTTPFixture.parse(post).method == "POST")
    }
}
