import Testing

@testable import Wire

@Suite("Persistent connections")
struct PersistenceTests {
    @Test(
        "RFC 9112 §9.3: what the request says of its connection",
        arguments: [
            ("1.1", [], HTTPPersistence.keepAlive), ("1.1", ["keep-alive"], .keepAlive),
            ("1.1", ["close"], .close), ("1.1", ["Keep-Alive, CLOSE"], .close), ("1.1", ["x", "close"], .close),
            ("1.1", ["closed"], .keepAlive), ("1.1", [""], .keepAlive), ("1.0", [], .close),
            ("1.0", ["close"], .close), ("1.0", ["Keep-Alive"], .announcedKeepAlive),
            ("1.0", ["keep-alive, close"], .close), ("1.0", ["keep-alives"], .close),
        ] as [(String, [String], HTTPPersistence)])
    func request(version: String, options: [String], persistence: HTTPPersistence) throws {
        let fields = options.map { "Connection: \($0)\r\n" }.joined()
        let head = try HTTPFixture.parse("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n")
        #expect(head.persistence == persistence)
    }

    @Test(
        "RFC 9112 §6.3: whether a body follows",
        arguments: [
            ([], false), (["Content-Length: 0"], false), (["Content-Length: 1"], true),
            (["Transfer-Encoding: chunked"], true),
        ] as [([String], Bool)])
    func body(fields: [String], hasBody: Bool) throws {
        let head = try HTTPFixture.parse(
            "POST / HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
        #expect(head.hasBody == hasBody)
    }

    @Test(
        "RFC 9112 §9.6: what the response says",
        arguments: [
            (HTTPPersistence.close, [], "close"), (.keepAlive, [], nil), (.announcedKeepAlive, [], "keep-alive"),
            (.close, ["Upgrade"], "close, Upgrade"), (.keepAlive, ["Upgrade", "x"], "Upgrade, x"),
            (.announcedKeepAlive, ["Upgrade"], "keep-alive, Upgrade"),
        ] as [(HTTPPersistence, [String], String?)])
    func response(persistence: HTTPPersistence, options: [String], value: String?) {
        let response = HTTPResponse(status: .ok, fields: options.map { HTTPField("Connection", $0) }, body: [65])
        let bytes = response.bytes(date: "today", omittingBody: false, persistence: persistence)
        let connection = value.map { "Connection: \($0)\r\n" } ?? ""
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "HTTP/1.1 200 OK\r\nDate: today\r\nServer: sluice\r\nContent-Length: 1\r\n\(connection)\r\nA")
    }

    @Test("Requests on one connection follow each other: a new scanner for each")
    func pipelined() throws {
        let bytes = [UInt8]((HTTPFixture.get("/a") + HTTPFixture.get("/b") + "GET /c").utf8)
        var (start, paths) = (0, [String]())
        while true {
            var scanner = RequestHeadScanner(limit: 1000)
            let rest = bytes.span.extracting(start..<bytes.count)
            guard let end = try scanner.end(in: rest) else { break }
            paths.append(try RequestHead.parse(rest.extracting(..<end)).path)
            start += end
        }
        #expect(paths == ["/a", "/b"])
    }
}
