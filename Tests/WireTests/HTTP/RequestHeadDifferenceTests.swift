import TestSupport
import Testing

@testable import Wire

@Suite("Request head: as the plain reading of it")
struct RequestHeadDifferenceTests {
    private static let lines = [
        "GET / HTTP/1.1", "Host: a", "", "GET /a//b/../%41?x=1 HTTP/1.1", "GET http://A.Example:80/./x HTTP/1.1",
        "POST wss://a?b HTTP/1.1", "PRI * HTTP/2.0", "GET / HTTP/2.0", "GET / HTTP/1.0", "GET / HTTP/1.10",
        "G@T / HTTP/1.1", " / HTTP/1.1", "GET  HTTP/1.1", "GET / / HTTP/1.1", "GET / ", "GET", "GET /\u{1} HTTP/1.1",
        "GET /\"x HTTP/1.1", "GET * HTTP/1.1", "GET /.. HTTP/1.1", "GET /%zz HTTP/1.1", "GET /%ff HTTP/1.1",
        "GET /a\\b HTTP/1.1", "GET http:// HTTP/1.1", "GET http://a:99999/ HTTP/1.1", "GET /\u{E9} HTTP/1.1",
        "HOST: B.Example.:8443", "Host: [::1]:80", "Host: [::1", "Host: []", "Host: ::1", "Host: a b", "Host: a..b",
        "Host: a:", "Host: a:65536", "Host: a:+1", "Host:", "Host: user@a", "Host: \u{E9}", "Host: %61",
        "Content-Length: 0", "Content-Length: 00", "Content-Length: 5", "Content-Length: x", "Content-Length:",
        "Transfer-Encoding: chunked", "X: a\tb", "X:\t a \t", "X : a", "X\t: a", " X: a", "\tX: a", ": a", "X a", "X",
        "X@: a", "X: a\u{0}b", "X: a\u{7F}", "X: a\rb", "X: a\r", "X: \u{E9}\u{20AC}",
        "X-A-Long-Name: and a long value",
    ]

    private func expectSame(_ bytes: [UInt8], _ comment: @autoclosure () -> Comment) {
        let plain = Result { () throws(HTTPError) in try ReferenceHead.parse(bytes.span) }
        let result = Result { () throws(HTTPError) in try RequestHead.parse(bytes.span) }
        switch (result, plain) {
        case (.success(let head), .success(let plain)):
            let read = ReferenceHead(
                method: head.method, target: head.target, path: head.path, query: head.query, host: head.host,
                minorVersion: head.minorVersion, fields: head.fields)
            #expect(read == plain, comment())
        case (.failure(let error), .failure(let plain)): #expect(error == plain, comment())
        default: Issue.record("\(comment()): \(result) is not \(plain)")
        }
    }

    @Test("Each line with each other, in both orders, under line ends of all kinds")
    func table() {
        for first in Self.lines {
            for second in Self.lines {
                for (end, last) in [("\r\n", "\r\n"), ("\r\n", ""), ("\n", "\n"), ("\r\n", "\r\n\r\n")] {
                    let text = first + end + second + end + "Host: c" + end + last
                    expectSame([UInt8](text.utf8), "\(text.debugDescription)")
                    expectSame([UInt8]((first + end + second + end + last).utf8), "\(text.debugDescription)")
                }
            }
        }
    }

    @Test("Empty lines before, and the number of fields")
    func counts() {
        for count in 0...4 {
            let empty = String(repeating: "\r\n", count: count)
            expectSame([UInt8](empty.utf8), "\(count) empty lines alone")
            expectSame([UInt8]((empty + HTTPFixture.chrome).utf8), "\(count) empty lines")
        }
        for count in 98...102 {
            let fields = String(repeating: "X: y\r\n", count: count)
            expectSame([UInt8]("GET / HTTP/1.0\r\n\(fields)\r\n".utf8), "\(count) fields")
        }
    }

    @Test("20,000 mutated requests, bytes of all values", arguments: [1, 2, 3] as [UInt64])
    func mutations(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let seeds =
            HTTPFixture.all.map { [UInt8]($0.utf8) } + [[UInt8]("GET /a/../b?c HTTP/1.1\r\nHost: A.b\r\n\r\n".utf8)]
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(contentsOf: "\r\n".utf8, at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                }
            }
            expectSame(bytes, "seed \(seed) round \(round): \(bytes)")
        }
    }
}
