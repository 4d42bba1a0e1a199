import Glibc
import Reactor
import TestSupport
import Testing

@testable import Control

@Suite("A request", .timeLimit(.minutes(1)))
struct FetchTests {
    @Test("POST: fields, length and body as they were given")
    func post() async throws {
        let yes = HTTPServer.Action.answer("yes", status: 201, fields: "Content-Type: text/x; a=b\r\n")
        try await withServer(HTTPServer.Script { _ in yes }) {
            var request = $1.request("{\"a\":\"b\"}")
            request.headers = [("Content-Type", "application/json"), ("X-Key", "k: v"), ("X-Empty", "")]
            let answer = await $0.answer(request).answer
            #expect(answer == HTTPAnswer(status: 201, contentType: "text/x; a=b", body: Array("yes".utf8)))
            let received = try #require($1.requests.first)
            let lines = received.head.split(separator: "\r\n")
            #expect(lines[0] == "POST /auth HTTP/1.1")
            #expect(
                lines.dropFirst(2).sorted() == [
                    "Accept: */*", "Content-Length: 9", "Content-Type: application/json", "User-Agent: sluice",
                    "X-Empty:", "X-Key: k: v",
                ])
            #expect(received.text == "{\"a\":\"b\"}")
        }
    }

    @Test("GET without a body, POST with an empty one, on the same handle")
    func get() async throws {
        try await withServer(HTTPServer.Script { _ in .answer() }) {
            for body in [nil, "", nil, "x"] { #expect(await $0.answer($1.request(body)).answer?.contentType == "") }
            #expect($1.requests.map { $0.head.prefix(5) } == ["GET /", "POST ", "GET /", "POST "])
            #expect($1.requests.map(\.text) == ["", "", "", "x"])
            #expect($1.connections == 1)
        }
    }

    @Test("a large body is sent without waiting for 100 Continue (RFC 9110 §10.1.1)")
    func large() async throws {
        try await withServer(HTTPServer.Script { _ in .answer() }) {
            let body = String(repeating: "b", count: 3 << 20)
            #expect(await $0.answer($1.request(body)).answer?.status == 200)
            #expect($1.requests.first?.text == body)
            #expect($1.requests.first?.head.lowercased().contains("expect") == false)
        }
    }

    @Test("a redirect is an answer like others")
    func redirect() async throws {
        try await withServer(HTTPServer.Script { _ in .answer(status: 302, fields: "Location: /elsewhere\r\n") }) {
            #expect(await $0.answer($1.request()).answer?.status == 302)
            #expect($1.requests.count == 1)
        }
    }

    @Test("cookies are not kept")
    func cookies() async throws {
        try await withServer(HTTPServer.Script { _ in .answer(fields: "Set-Cookie: a=b\r\n") }) {
            for _ in 0..<2 { #expect(await $0.answer($1.request()).answer != nil) }
            #expect($1.requests.count == 2)
            #expect($1.requests.allSatisfy { !$0.head.lowercased().contains("cookie") })
        }
    }

    @Test("a proxy of the environment is not asked")
    func proxy() async throws {
        for name in ["http_proxy", "all_proxy"] { setenv(name, "http://127.0.0.1:1/", 1) }
        defer { for name in ["http_proxy", "all_proxy"] { unsetenv(name) } }
        try await withServer(HTTPServer.Script { _ in .answer() }) {
            #expect(await $0.answer($1.request()).answer?.status == 200)
        }
    }

    @Test(
        "only http and https",
        arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "", "http://"])
    func schemes(_ url: String) async throws {
        try await withServer(HTTPServer.Script { _ in .answer() }) { control, _ in
            let result = await control.answer(HTTPRequest(url: url, pool: HTTPPool(connections: 1, queue: 0)))
            #expect(result.failure?.kind == .broken)
        }
    }

    @Test("a field cannot bring another one", arguments: ["a\r\nX-Other: b", "a\nX-Other: b", "a\0b"])
    func injection(_ value: String) async throws {
        try await withServer(HTTPServer.Script { _ in .answer() }) {
            var request = $1.request()
            request.headers = [("X-Key", value)]
            #expect(await $0.answer(request).failure?.kind == .broken)
            #expect($1.requests.isEmpty)
        }
    }

    @Test("what is no answer is a failure", arguments: failures.keys.sorted())
    func failure(_ name: String) async throws {
        let (action, kind) = try #require(Self.failures[name])
        try await withServer(HTTPServer.Script { _ in action }) {
            let began = monotonicMilliseconds()
            let failure = await $0.answer($1.request("geheim", timeout: 5000)).failure
            #expect(failure?.kind == kind)
            #expect(failure?.detail.isEmpty == false)
            #expect(failure?.detail.contains("geheim") == false)
            // A new connection that ends is not tried again: the server may have done what was asked.
            #expect($1.requests.count == 1)
            #expect(monotonicMilliseconds() - began < 30_000)
        }
    }

    private static let much = String(repeating: "x", count: 1000)

    private static let failures: [String: (HTTPServer.Action, HTTPFailure.Kind)] = [
        "an end": (.close, .broken),
        "a reset": (.reset, .broken),
        "another protocol": (.raw("SSH-2.0-OpenSSH_9.2\r\n"), .broken),
        "binary data": (.raw("\0\u{1}\u{2}\u{3}"), .broken),
        "half a body": (.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"), .broken),
        "a status line": (.raw("HTTP/1.1 200 OK\r\n"), .broken),
        "an interim answer": (.raw("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), .broken),
        "an interim answer, and half a head": (.raw("HTTP/1.1 100 X\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n"), .broken),
        "endless interim answers": (.endless("HTTP/1.1 103 X\r\n\r\n", then: "HTTP/1.1 103 X\r\n\r\n"), .tooLarge),
        "half a head": (.raw("HTTP/1.1 200 OK\r\nContent-Len"), .broken),
        "bad chunks": (.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), .broken),
        "a bad length": (.raw("HTTP/1.1 200 OK\r\nContent-Length: x5\r\n\r\n12345"), .broken),
        "a version to come": (.raw("HTTP/9.9 200 OK\r\n\r\n"), .broken),
        "endless fields": (.endless("HTTP/1.1 200 OK\r\n", then: "X-More: \(much)\r\n"), .tooLarge),
        "an endless field": (.endless("HTTP/1.1 200 OK\r\nX-Long: ", then: much), .broken),
        "an endless body": (.endless("HTTP/1.1 200 OK\r\n\r\n", then: much), .tooLarge),
        "endless chunks": (
            .endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", then: "3e8\r\n\(much)\r\n"), .tooLarge
        ),
    ]

    @Test("an answer may be as large as is said, and no larger")
    func limit() async throws {
        try await withServer(HTTPServer.Script { _ in .answer(String(repeating: "a", count: 1000)) }) {
            var request = $1.request()
            request.largestAnswer = 1000
            #expect(await $0.answer(request).answer?.body.count == 1000)
            request.largestAnswer = 999
            #expect(await $0.answer(request).failure?.kind == .tooLarge)
        }
    }

    @Test("a silent server is given up on in time")
    func timeout() async throws {
        try await withServer(HTTPServer.Script { _ in .silence }) {
            let began = monotonicMilliseconds()
            #expect(await $0.answer($1.request(timeout: 100)).failure?.kind == .timeout)
            #expect(99..<30_000 ~= monotonicMilliseconds() - began)
        }
    }

    @Test("nobody listens")
    func refused() async throws {
        let server = try HTTPServer { _ in .answer() }
        let request = server.request("geheim")
        server.stop()
        let control = try ControlLoop()
        try control.start()
        let failure = await control.answer(request).failure
        #expect(failure?.kind == .unreachable)
        #expect(failure?.detail.contains("127.0.0.1") == true)
        control.stop()
    }

    @Test("a name without an address is unreachable")
    func name() async throws {
        try await withServer(HTTPServer.Script { _ in .answer() }) { control, _ in
            var request = HTTPRequest(url: "http://name.invalid/", pool: HTTPPool(connections: 1, queue: 0))
            request.timeout = 2000
            let kind = await control.answer(request).failure?.kind
            // A resolver that does not answer is a timeout.
            #expect(kind == .unreachable || kind == .timeout)
        }
    }
}
